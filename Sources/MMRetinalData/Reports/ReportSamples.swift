import Foundation

/// An image file with the report that a model is to write for it.
public struct ReportSample: Sendable, Hashable, Identifiable {
  /// The path in its file, which identifies the sample in messages.
  public let id: String
  /// The image file.
  public let image: URL
  /// The report as it was written.
  public let text: String

  /// A sample.
  /// - Parameters:
  ///   - id: the path in its file.
  ///   - image: the image file.
  ///   - text: the report as it was written.
  public init(id: String, image: URL, text: String) {
    self.id = id
    self.image = image
    self.text = text
  }
}

/// Training samples, and the missing images.
public struct ReportSamples: Sendable {
  /// The samples whose image files exist, in the order of their file.
  public var samples: [ReportSample]
  /// The images that do not exist.
  public var missing: [SkippedImage]

  /// Samples.
  /// - Parameters:
  ///   - samples: samples whose image files exist.
  ///   - missing: images that do not exist.
  public init(samples: [ReportSample], missing: [SkippedImage] = []) {
    self.samples = samples
    self.missing = missing
  }

  /// Every image of the studies as a separate sample, with the report of its study.
  ///
  /// - Parameters:
  ///   - studies: the studies, in the order of the samples.
  ///   - root: the folder that their paths start from.
  public init(images studies: [ReportStudy], root: URL) {
    self.init(samples: [])
    for study in studies {
      for path in study.images { add(path, text: study.text, root: root, others: []) }
    }
  }

  /// The captions of a manifest, such as the one of MM-Retinal's angiograms.
  ///
  /// An image is searched for at its path in the manifest, then at the path that the published training used:
  /// below `FFA_resized_jpg` in place of `FFA`, as a `.jpg` (see ``rewritten(_:)``).
  /// - Throws: ``TextFileError`` when a row has no English caption.
  public init(captions manifest: Manifest) throws {
    self.init(samples: [])
    var problems: [TextProblem] = []
    for row in manifest.rows {
      guard let text = row.caption(in: .english), !text.trimmed.isEmpty else {
        problems.append(
          TextProblem(
            line: row.line, message: "there is no English caption", kind: .missingCaption))
        continue
      }
      add(row.image, text: text, root: manifest.root, others: [Self.rewritten(row.image)])
    }
    if !problems.isEmpty { throw TextFileError(file: manifest.name, problems: problems) }
  }

  /// The path that the published training used for an image of MM-Retinal: every `FFA` becomes
  /// `FFA_resized_jpg`, then every `png` becomes `jpg`.
  public static func rewritten(_ path: String) -> String {
    path.replacingOccurrences(of: "FFA", with: "FFA_resized_jpg")
      .replacingOccurrences(of: "png", with: "jpg")
  }

  private mutating func add(_ path: String, text: String, root: URL, others: [String]) {
    for candidate in [path] + others where access(root.path + "/" + candidate, F_OK) == 0 {
      samples.append(ReportSample(id: path, image: root.image(candidate), text: text))
      return
    }
    let places = others.isEmpty ? "" : " (nor \(others.joined(separator: ", ")))"
    missing.append(
      SkippedImage(id: path, reason: "\(root.path)/\(path): there is no such file\(places)"))
  }

  /// The published mixture: samples of the two lists alternate, and the shorter list is repeated until the
  /// longer one is exhausted. If one list is empty, the result is the other.
  /// - Parameters:
  ///   - first: the samples of FFA-IR.
  ///   - second: the samples of MM-Retinal.
  public static func alternating(
    _ first: [ReportSample], _ second: [ReportSample]
  ) -> [ReportSample] {
    if first.isEmpty || second.isEmpty { return first + second }
    return (0..<max(first.count, second.count)).flatMap {
      [first[$0 % first.count], second[$0 % second.count]]
    }
  }
}
