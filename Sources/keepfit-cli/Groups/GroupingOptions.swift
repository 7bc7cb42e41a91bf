import KeepFIT

/// How images are grouped for splitting.
struct GroupingOptions: OptionGroup {
  let column = Option<String>(
    "group-column", "NAME", aliases: ["group"],
    help: "Keep rows with the same value in this column, such as patient_id, in one split.")
  let pattern = Option<String>(
    "group-pattern", "REGEX",
    help:
      "Keep images whose paths share the first (…) group in one split, e.g. '(.*)_(left|right)'."
  )
  let eyes = Flag(
    "group-eyes",
    help: "Keep images whose paths differ only in left/right, OS/OD or L/R in one split."
  )

  /// The grouping that the options select; nil if none was given.
  /// - Throws: a usage error when several were given.
  func grouping() throws -> ImageGrouping? {
    let given =
      [column.given.map { ImageGrouping.column($0) }, pattern.given.map { .pattern($0) }]
      .compactMap(\.self) + (eyes.isOn ? [.eyes] : [])
    guard given.count <= 1 else {
      throw CommandError.usage(
        "--group-column, --group-pattern and --group-eyes are mutually exclusive")
    }
    return given.first
  }
}
