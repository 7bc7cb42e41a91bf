import Foundation
import FundusTensor

extension ReportStudies {
  /// Reads a file of any of the layouts.
  /// - Throws: ``TextFileError`` for text that is not JSON, a field that is missing or of another type, an
  ///   unknown split, a duplicate id, or a path outside the data root.
  public init(contentsOf url: URL) throws {
    let file = url.relativePath
    let bytes = try readTextFile(url)
    let text: [UInt8]
    do throws(TextProblem) { text = try TextEncoding.utf8(bytes).bytes } catch {
      throw TextFileError(file: file, problems: [error])
    }
    if text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
      throw TextFileError(
        file: file, problems: [TextProblem(line: nil, message: "the file is empty")])
    }
    var reading = StudyReading()
    let layout: Layout
    if url.isJSONLines {
      reading.readLines(text)
      layout = .jsonLines
    } else {
      do throws(JSONValue.ParseError) {
        let value = try JSONValue(parsing: text)
        layout = value["annotations"] == nil ? .ffaIR : .coco
        layout == .coco ? reading.readCOCO(value) : reading.readSplits(value)
      } catch {
        // A study a line, in a file of another name.
        let first = text.prefix { $0 != 0x0A }
        guard text.count > first.count, let row = try? JSONValue(parsing: Array(first)),
          row["images"] != nil
        else {
          throw TextFileError(
            file: file,
            problems: [TextProblem(line: nil, message: "is not valid JSON: \(error.description)")])
        }
        reading.readLines(text)
        layout = .jsonLines
      }
    }
    reading.findDuplicates()
    guard reading.problems.isEmpty else {
      throw TextFileError(file: file, problems: reading.problems)
    }
    self.init(reading.studies, file: file, layout: layout)
  }
}

/// Turns JSON into studies, gathering what is wrong.
struct StudyReading {
  var studies: [ReportStudy] = []
  var problems: [TextProblem] = []

  /// What is wrong with one study.
  private struct Problem: Error {
    let message: String
    var kind = TextProblem.Kind.format
  }

  private static let splits = "train, val or test"

  // MARK: - FFA-IR

  mutating func readSplits(_ value: JSONValue) {
    guard let members = value.members else {
      return note("expected an object of splits, found \(value.kind)")
    }
    if members.isEmpty { note("expected the splits \(Self.splits), found none") }
    for member in members {
      let name = member.name.abbreviated()
      guard let part = SplitPart(named: member.name) else {
        note("unknown split '\(name)', expected \(Self.splits)")
        continue
      }
      guard let cases = member.value.members else {
        note("split '\(name)': expected an object of cases, found \(member.value.kind)")
        continue
      }
      for item in cases {
        read(where: "case '\(item.name.abbreviated())' of split '\(name)'", line: nil) {
          () throws(Problem) in
          guard item.value.members != nil else {
            throw Problem(message: "expected an object, found \(item.value.kind)")
          }
          return ReportStudy(
            id: item.name, images: try Self.images(item.value, "Image_path"),
            text: try Self.text(item.value, "En_Report"), split: part)
        }
      }
    }
  }

  // MARK: - JSON Lines

  mutating func readLines(_ text: [UInt8]) {
    let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      read(where: nil, line: index + 1) { () throws(Problem) in
        let value: JSONValue
        do throws(JSONValue.ParseError) { value = try JSONValue(parsing: Array(line)) } catch {
          throw Problem(message: "is not valid JSON: \(error.description)")
        }
        guard value.members != nil else {
          throw Problem(message: "expected a JSON object, found \(value.kind)")
        }
        return ReportStudy(
          id: try Self.identifier(value, "id"), images: try Self.images(value, "images"),
          text: try Self.text(value, "text"), split: try Self.split(value), line: index + 1)
      }
    }
  }

  // MARK: - COCO

  mutating func readCOCO(_ value: JSONValue) {
    guard let images = value["images"]?.elements, let annotations = value["annotations"]?.elements
    else { return note("expected lists 'images' and 'annotations'") }
    var files: [String: (path: String, split: SplitPart?)] = [:]
    for (index, image) in images.enumerated() {
      do throws(Problem) {
        let id = try Self.identifier(image, "id")
        let path = try Self.path(try Self.text(image, "file_name"))
        guard files.updateValue((path, try Self.split(image)), forKey: id) == nil else {
          throw Problem(message: "the id '\(id.abbreviated())' occurs twice")
        }
      } catch {
        note("image \(index + 1): \(error.message)", error.kind)
      }
    }
    let counts = Dictionary(
      annotations.compactMap { try? Self.identifier($0, "image_id") }.map { ($0, 1) },
      uniquingKeysWith: +)
    for (index, annotation) in annotations.enumerated() {
      read(where: "annotation \(index + 1)", line: nil) { () throws(Problem) in
        let image = try Self.identifier(annotation, "image_id")
        guard let file = files[image] else {
          throw Problem(message: "there is no image with the id '\(image.abbreviated())'")
        }
        // An image with several captions is several studies.
        let isAlone = counts[image] == 1
        return ReportStudy(
          id: isAlone ? image : "\(image)#\(try Self.identifier(annotation, "id"))",
          images: [file.path], text: try Self.text(annotation, "caption"),
          split: file.split ?? .train)
      }
    }
  }

  // MARK: - Parts

  mutating func findDuplicates() {
    var first: [String: ReportStudy] = [:]
    for study in studies {
      guard let earlier = first.updateValue(study, forKey: study.id) else { continue }
      let id = study.id.abbreviated()
      let place =
        if let line = earlier.line {
          " (it is on line \(line) already)"
        } else if let split = earlier.split, split != study.split {
          " (in the splits \(ReportStudies.name(split)) and "
            + "\(study.split.map(ReportStudies.name) ?? "none"))"
        } else {
          ""
        }
      problems.append(
        TextProblem(line: study.line, message: "the id '\(id)' occurs twice\(place)"))
    }
  }

  private mutating func note(_ message: String, _ kind: TextProblem.Kind = .format) {
    problems.append(TextProblem(line: nil, message: message, kind: kind))
  }

  private mutating func read(
    where place: String?, line: Int?, _ body: () throws(Problem) -> ReportStudy
  ) {
    do throws(Problem) {
      studies.append(try body())
    } catch {
      let message = place.map { "\($0): \(error.message)" } ?? error.message
      problems.append(TextProblem(line: line, message: message, kind: error.kind))
    }
  }

  private static func member(_ value: JSONValue, _ name: String) throws(Problem) -> JSONValue {
    guard let found = value[name] else { throw Problem(message: "'\(name)' is missing") }
    return found
  }

  private static func text(_ value: JSONValue, _ name: String) throws(Problem) -> String {
    let found = try member(value, name)
    guard let text = found.text else {
      throw Problem(message: "'\(name)' is \(found.kind), expected a string")
    }
    return text
  }

  private static func identifier(_ value: JSONValue, _ name: String) throws(Problem) -> String {
    let found = try member(value, name)
    if let text = found.text, !text.isEmpty { return text }
    if let number = found.integer { return String(number) }
    if let number = found.double { return "\(number)" }
    let kind = found.text == nil ? found.kind : "empty"
    throw Problem(message: "'\(name)' is \(kind), expected a string or a number")
  }

  private static func split(_ value: JSONValue) throws(Problem) -> SplitPart? {
    guard let found = value["split"], found != .null else { return nil }
    guard let name = found.text else {
      throw Problem(message: "'split' is \(found.kind), expected \(splits)")
    }
    guard let part = SplitPart(named: name) else {
      throw Problem(message: "unknown split '\(name.abbreviated())', expected \(splits)")
    }
    return part
  }

  private static func images(_ value: JSONValue, _ name: String) throws(Problem) -> [String] {
    let found = try member(value, name)
    guard let elements = found.elements else {
      throw Problem(message: "'\(name)' is \(found.kind), expected a list of paths")
    }
    var paths: [String] = []
    for element in elements {
      guard let text = element.text else {
        throw Problem(message: "'\(name)' holds \(element.kind), expected paths")
      }
      paths.append(try path(text))
    }
    return paths
  }

  private static func path(_ text: String) throws(Problem) -> String {
    let path: String
    do throws(ManifestPathError) {
      path = try ManifestPathError.checked(text)
    } catch {
      throw Problem(message: error.description, kind: .path)
    }
    guard !path.hasPrefix("/") else {
      throw Problem(
        message:
          "the path '\(text.abbreviated(to: 120))' is absolute, expected one below the root directory",
        kind: .path)
    }
    return path
  }
}
