/// A count with its noun: "1 image", "2 images".
/// - Parameters:
///   - count: the number.
///   - one: the noun in the singular.
///   - many: the noun in the plural; nil for the singular with an s.
/// - Returns: the number and the noun.
package func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  "\(count) \(count == 1 ? one : many ?? one + "s")"
}
