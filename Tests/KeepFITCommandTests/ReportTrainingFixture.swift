import Foundation
import KeepFIT
import Testing

/// Angiograms with reports and a small report model, made once.
enum ReportTrainingFixture {
  /// A folder with angiograms, an annotation in FFA-IR's layout, a caption manifest and a small model.
  static let data = Result { try makeData() }

  private static func makeData() throws -> URL {
    let root = URL(filePath: CommandFixture.fresh("angiograms"))
    let files = FileManager.default
    try files.createDirectory(
      at: root.appending(path: "FFAIR"), withIntermediateDirectories: true)
    func draw(_ name: String, _ seed: UInt64) throws {
      var random = RandomStream(seed: seed)
      let pixels = (0..<40 * 48 * 3).map { _ in UInt8(random.index(below: 256)) }
      let file = root.appending(path: name)
      try files.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FundusImage(width: 48, height: 40, pixels: pixels).writePNG(to: file)
    }
    var cases: [String: [JSONValue.Member]] = [:]
    for (index, split) in ["train", "train", "train", "val", "test"].enumerated() {
      try draw("FFAIR/\(index)a.png", UInt64(index))
      try draw("FFAIR/\(index)b.png", UInt64(index + 50))
      let images = ["FFAIR/\(index)a.png", "FFAIR/\(index)b.png"].map(JSONValue.string)
      cases[split, default: []].append(
        .init(
          "case-\(index)",
          .object([
            .init("Image_path", .array(images)),
            .init("En_Report", .string("Late leakage. Disc \(index) is normal.")),
          ])))
    }
    let splits = ["train", "val", "test"].map { JSONValue.Member($0, .object(cases[$0]!)) }
    try Data(JSONValue.object(splits).serialized().utf8)
      .write(to: root.appending(path: "annotation.json"))
    try draw("FFA/figure1.png", 90)
    try draw("FFA_resized_jpg/figure2.jpg", 91)
    try Data(
      ",image,atributes,categories\n0,FFA/figure1.png,[],['No leakage.']\n1,FFA/figure2.png,[],['Late staining.']\n"
        .utf8
    ).write(to: root.appending(path: "expert.csv"))
    var configuration = ReportGeneratorConfiguration()
    configuration.vision.architecture = "resnet18"
    configuration.vision.width = 8
    configuration.decoder.width = 32
    configuration.decoder.feedForward = 32
    configuration.decoder.heads = 2
    configuration.decoder.layers = 1
    configuration.imageSize = 64
    let vocabulary = ReportVocabulary(counting: ["late leakage. disc is normal. no"], threshold: 1)
    try ReportGenerator(
      configuration, vocabulary: vocabulary, initialization: .random(RandomStream(seed: 1))
    ).save(to: root.appending(path: "model"))
    return root
  }

  /// The words with ROOT replaced by the folder.
  static func words(_ text: String) throws -> [String] {
    let root = try Self.data.get().path
    return text.split(separator: " ").map {
      $0.replacingOccurrences(of: "ROOT", with: root)
    }
  }

  static func train(_ run: String, _ more: String = "") throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      words(
        "reports train --model ROOT/model --ffa-ir ROOT/annotation.json --ffa-ir-root ROOT --out \(run) "
          + "--batch-size 3 \(more)"))
  }

  static func metrics(_ run: String) throws -> [[String: Any]] {
    try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }
}
