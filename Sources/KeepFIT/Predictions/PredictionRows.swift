import Foundation

/// The complete rows of a file of predictions, read piece by piece.
struct PredictionRows {
  /// The number of rows of each image.
  private(set) var images: [String: Int] = [:]
  /// The end of the last complete row, in bytes; 0 if there is not even a complete beginning.
  private(set) var end: UInt64 = 0

  private let format: PredictionFile.Format
  private let header: [String]
  private let name: String
  private static let pieceSize = 1 << 20

  /// Reads a file from its beginning.
  /// - `header`: the columns that a `.csv` file must have.
  /// - Throws: ``TransferError/invalid(_:)`` when it is not a file of such predictions. Only its last line
  ///   may be incomplete.
  init(
    reading handle: FileHandle, format: PredictionFile.Format, header: [String], name: String
  ) throws {
    self.format = format
    self.header = header
    self.name = name
    try handle.seek(toOffset: 0)
    var line: [UInt8] = []
    var number = 1
    var start: UInt64 = 0
    var isQuoted = false
    while let piece = try handle.read(upToCount: Self.pieceSize), !piece.isEmpty {
      for byte in piece {
        line.append(byte)
        // A line end inside of quotes belongs to the name of a file.
        if byte == UInt8(ascii: "\""), format == .csv { isQuoted.toggle() }
        guard byte == UInt8(ascii: "\n"), !isQuoted else { continue }
        try add(line.dropLast(), number: number, start: start)
        start += UInt64(line.count)
        number += 1
        line.removeAll(keepingCapacity: true)
      }
    }
    try addLast(line, number: number, start: start)
  }

  /// A line that has its end.
  private mutating func add(_ line: ArraySlice<UInt8>, number: Int, start: UInt64) throws {
    let whole = start + UInt64(line.count)
    switch format {
    case .csv:
      var reader = CSVReader()
      reader.separator = UInt8(ascii: ",")
      let records = reader.records(of: Array(line)).records
      if number == 1 {
        guard records.first?.fields == header else {
          throw TransferError.invalid(
            "\(name) has columns other than \(header.joined(separator: ", ")): it was written "
              + "with other labels or options; use the same, or another --out")
        }
      } else {
        guard records.count == 1, records[0].fields.count == header.count else {
          throw damage(number)
        }
        images[records[0].fields[0], default: 0] += 1
      }
      end = whole + 1
    case .jsonl:
      guard let image = Self.image(line) else { throw damage(number) }
      images[image, default: 0] += 1
      end = whole + 1
    case .json:
      if number == 1 {
        guard line.elementsEqual("[".utf8) else { throw damage(number) }
        end = 1
      } else if !line.elementsEqual("]".utf8) {
        // The separator is written again with the next row.
        let item = line.last == UInt8(ascii: ",") ? line.dropLast() : line
        guard let image = Self.image(item) else { throw damage(number) }
        images[image, default: 0] += 1
        end = start + UInt64(item.count)
      }
    }
  }

  /// The rest of the file without a line end: a row that a killed process did not complete, or, in a list,
  /// the last item of a complete write.
  private mutating func addLast(_ line: [UInt8], number: Int, start: UInt64) throws {
    guard !line.isEmpty else { return }
    switch format {
    case .csv where number == 1:
      guard CSVWriter.line(header).utf8.starts(with: line) else { throw damage(number) }
    case .jsonl where number == 1:
      guard line.starts(with: "{".utf8) else { throw damage(number) }
    case .json:
      if number == 1 {
        guard line.elementsEqual("[".utf8) else { throw damage(number) }
        end = 1
      } else if let image = Self.image(line[...]) {
        images[image, default: 0] += 1
        end = start + UInt64(line.count)
      }
    default: break
    }
  }

  private func damage(_ line: Int) -> TransferError {
    .invalid("\(name), line \(line): is not a prediction of 'keepfit classify'; use another --out")
  }

  private static func image(_ line: ArraySlice<UInt8>) -> String? {
    (try? JSONValue(parsing: Array(line)))?["image"]?.text
  }
}
