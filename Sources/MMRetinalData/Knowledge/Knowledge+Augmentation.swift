extension Knowledge {
  /// Folders whose labels the released code leaves alone while pretraining. Its first name never
  /// fires: that data set's folder is `06_DEN`.
  public static let publishedExclusions: Set<String> = [
    "06_EYENET", "11_STARE", "08_ODIR-5K", "31_JICHI",
  ]

  /// The exclusions as they were meant.
  public static let intendedExclusions: Set<String> = publishedExclusions.union(["06_DEN"])

  /// What a category may be called while pretraining: its name and its descriptors, each as likely.
  ///
  /// A descriptor that repeats the name gives it more weight, as in the released code.
  ///
  /// - Parameters:
  ///   - category: the label of the row.
  ///   - imagePath: the image's path relative to the data root; its first component names the
  ///     data set.
  ///   - exclusions: data sets whose labels stay as they are.
  /// - Returns: nil when the label stays as it is.
  public func augmentationPool(
    for category: String, imagePath: String, excluding exclusions: Set<String> = publishedExclusions
  ) -> [String]? {
    let folder = imagePath.prefix { $0 != "/" }
    guard !exclusions.contains(String(folder)), let known = descriptors(for: category) else {
      return nil
    }
    return [category] + known
  }

  /// A label freed of spellings that hide it from the table: surrounding spaces, a final dot, upper
  /// case, `age-related` with a hyphen. The released code compares labels as they are.
  public static func normalized(_ label: String) -> String {
    var text = label.lowercased()[...]
    while let last = text.last, last == "." || last.isWhitespace { text = text.dropLast() }
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.replacing("age-related", with: "age related")
  }
}
