import KeepFIT

/// How images are grouped for splitting.
struct GroupingOptions: OptionGroup {
  let column = Option<String>(
    "group-column", "NAME", aliases: ["group"],
    help: "Column that identifies patients, such as patient_id, whose images belong in one split.")
  let pattern = Option<String>(
    "group-pattern", "REGEX",
    help:
      "Images whose paths share the first (…) group belong in one split, e.g. '(.*)_(left|right)'."
  )
  let eyes = Flag(
    "group-eyes",
    help: "Images whose paths differ only in left/right, OS/OD or L/R belong in one split."
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
