import Foundation
import KeepFIT

/// The images of a command: files, folders, patterns, tables and lists.
struct ImageInputs: OptionGroup {
  let files = Positionals(
    "IMAGE", count: 0...Int.max,
    help:
      "Image files (\(formats)), folders, quoted patterns ('left/*.jpg'), tables (.csv, .tsv, "
      + ".jsonl, .xlsx), lists of paths (.txt), or - for a list on standard input.")
  let manifests = RepeatedOption<FilePath>(
    "manifest", "FILE",
    help: "Table of images, whatever its extension, or an image folder (repeatable).")
  let root = Option<FilePath>(
    "root", "DIR",
    help: "Root directory of the image paths of tables; by default the directory of each table.")
  let column = Option<String>(
    "image-column", "NAME",
    help: "Column of tables with the image paths; by default found by its name.")

  let frame = FrameOption()

  /// Whether anything was given.
  var isGiven: Bool { files.isGiven || manifests.isGiven }

  /// Refuses options without effect, and a root that is not a directory.
  func validate() throws {
    try root.given?.checkDirectory("--root")
    if files.values.count(where: { $0 == "-" }) > 1 {
      throw CommandError.usage("- was given twice, but standard input can be read only once")
    }
  }

  /// The images in order: those of the arguments, then those of `--manifest`.
  /// - Parameter lists: text files with one path per line, which follow.
  /// - Throws: a usage error if there are none, or an option had no effect.
  func resolve(lists: [FilePath] = []) throws -> [ImageList.Item] {
    guard isGiven || !lists.isEmpty else {
      throw CommandError.usage("IMAGE is missing: \(files.help.uncapitalized)")
    }
    var list = ImageList(root: root.given?.url)
    if let column = column.given { list.columns.images = [column] }
    for text in files.values { try Self.add(text, to: &list) }
    for file in manifests.values { try list.add(table: file.url.relativePath) }
    for file in lists { try list.add(list: file.bytes(), named: file.text) }
    for (name, isGiven) in [(root.name, root.isGiven), (column.name, column.isGiven)]
    where isGiven && !list.hasTables {
      throw CommandError.usage("--\(name) has no effect without a table of images")
    }
    frame.apply(to: &list)
    for note in list.allNotes() { Console.note("note: \(note)") }
    return list.items
  }

  /// The images of one argument that is not positional, with the chosen frames.
  static func resolve(_ text: String, _ frame: FrameOption) throws -> [ImageList.Item] {
    var list = ImageList()
    try add(text, to: &list)
    frame.apply(to: &list)
    for note in list.allNotes() { Console.note("note: \(note)") }
    return list.items
  }

  private static func add(_ text: String, to list: inout ImageList) throws {
    guard text == "-" else { return try list.add(text) }
    let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    try list.add(list: input, named: "standard input")
  }
}

#if DICOM
  private let formats = "JPEG, PNG, TIFF, PPM, BMP, DICOM"
#else
  private let formats = "JPEG, PNG, TIFF, PPM, BMP"
#endif

extension [ImageList.Item] {
  /// Whether the arguments name one file, or one frame of a file, whose result is printed without its name.
  func isOneFile(of arguments: [String]) -> Bool {
    guard count == 1, arguments.count == 1 else { return false }
    return ImageAddress(FilePath(arguments[0]).url).file == ImageAddress(self[0].url).file
  }
}

/// The columns of tables with labels.
struct ColumnOptions: OptionGroup {
  let images = RepeatedOption<String>(
    "image-column", "NAME",
    help:
      "Column with the image paths, by default found by its name; given twice, the columns of left and right eyes."
  )
  let labels = RepeatedOption<String>(
    "label-column", "NAME",
    help:
      "Column with the labels, by default found by its name; several columns hold 0 and 1, one per label ('A,B,C' or "
      + "repeated).")
  let names = Option<String>(
    "label-names", "A=NAME;…",
    help: "Names that replace labels, such as '0=normal;1=glaucoma'.",
    check: {
      ColumnSelection.labelNames(parsing: $0) == nil
        ? "must be pairs such as '0=normal;1=glaucoma', each label once" : nil
    })

  /// The selected columns.
  func selection(split: String? = nil) -> ColumnSelection {
    var selection = ColumnSelection()
    selection.images = images.values
    selection.labels = labels.values
    selection.labelNames = names.given.flatMap { ColumnSelection.labelNames(parsing: $0) } ?? [:]
    selection.split = split
    return selection
  }
}

/// `--split-column`
struct SplitColumnOption: OptionGroup {
  let column = Option<String>(
    "split-column", "NAME",
    help: "Column with train, val or test; by default 'split' or a similar name.")
}
