import Foundation

/// The origin of the results of a report.
public struct ReportOrigin: Sendable {
  /// The model: its file or directory.
  public var model: String?
  /// The data: the manifest or the published experiment.
  public var data: String?
  /// The version of the program.
  public var version: String?
  /// When the report was made.
  public var date: Date

  /// Values given directly; nil for unknown.
  public init(
    model: String? = nil, data: String? = nil, version: String? = nil, date: Date = Date()
  ) {
    self.model = model
    self.data = data
    self.version = version
    self.date = date
  }

  /// The disclaimer at the head of every report on performance.
  static let disclaimer =
    "For research only. This is not a medical device, and neither the model nor this report may be used "
    + "for diagnosis or treatment. The results apply to these test images; they can differ for "
    + "other cameras, clinics and patients."

  /// Model, data, date and version, as far as known.
  /// - `fingerprint`: that of the model's weights.
  func facts(fingerprint: String?) -> [(term: String, text: String)] {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm zzz"
    let weights = fingerprint.map { "weights \($0.prefix(12))" }
    return [
      ("Model", [model, weights].compactMap(\.self).joined(separator: ", ")),
      ("Data", data ?? ""),
      ("Date", formatter.string(from: date)),
      ("Version", version.map { "KeepFIT for Swift \($0)" } ?? "KeepFIT for Swift"),
    ].filter { !$0.1.isEmpty }.map { (term: $0.0, text: $0.1) }
  }
}
