import KeepFIT

/// Which images belong together.
struct GroupingOptions: OptionGroup {
  let column = Option<String>(
    "group", "COLUMN",
    help: "Keep rows with the same text in this column, such as patient_id, together.")
  let pattern = Option<String>(
    "group-pattern", "REGEX",
    help:
      "Keep images together whose paths have the same text in the first (…), as '(.*)_(left|right)'."
  )
  let eyes = Flag(
    "group-eyes", help: "Keep images together whose paths differ in left/right, OS/OD or L/R alone."
  )

  /// What the options say; nil where none was given.
  /// - Throws: wrong usage when several were given.
  func grouping() throws -> ImageGrouping? {
    let given =
      [column.given.map { ImageGrouping.column($0) }, pattern.given.map { .pattern($0) }]
      .compactMap(\.self) + (eyes.isOn ? [.eyes] : [])
    guard given.count <= 1 else {
      throw CommandError.usage("--group, --group-pattern and --group-eyes exclude each other")
    }
    return given.first
  }
}
