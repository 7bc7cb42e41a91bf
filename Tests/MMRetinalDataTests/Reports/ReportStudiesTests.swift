import Foundation
import MMRetinalData
import TestSupport
import Testing

@Suite struct ReportStudiesTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func read(_ text: String, _ name: String = "studies.json") throws -> ReportStudies {
    try ReportStudies(contentsOf: folder.write(text, to: name))
  }

  @Test func casesKeepTheOrderOfTheFile() throws {
    let studies = try read(
      """
      {"train": {"z": {"Image_path": ["a/1.png", "./a//2.png"], "En_Report": "late", "Age": 3},
                 "b": {"Image_path": ["a/3.png"], "En_Report": "early"}},
       "test": {"c": {"Image_path": ["a/4.png"], "En_Report": ""}}, "val": {}}
      """)
    #expect(studies.layout == .ffaIR)
    #expect(studies.all.map(\.id) == ["z", "b", "c"])
    #expect(try studies.studies(.train).map(\.images) == [["a/1.png", "a/2.png"], ["a/3.png"]])
    #expect(throws: TextFileError.self) { try studies.studies(.validation) }
    #expect("case 'c'") { try studies.studies(.test) } throws: { "\($0)".contains("empty report") }
  }

  @Test func linesAndCOCOAreReadToo() throws {
    let lines = try read(
      """
      {"id": 7, "images": ["1.png", "2.png"], "text": "late leakage", "split": "test"}

      {"id": "b", "images": ["3.png"], "text": "normal", "split": "train", "other": null}
      """, "rows.jsonl")
    #expect(lines.layout == .jsonLines && lines.all.map(\.id) == ["7", "b"])
    #expect(lines.all.map(\.line) == [1, 3] && lines.all.map(\.split) == [.test, .train])
    let coco = try read(
      """
      {"info": {}, "images": [{"id": 1, "file_name": "x.png"}, {"id": 2, "file_name": "y.png",
       "split": "val"}], "annotations": [{"id": 10, "image_id": 1, "caption": "one"},
       {"id": 11, "image_id": 1, "caption": "uno"}, {"id": 12, "image_id": 2, "caption": "two"}]}
      """)
    #expect(coco.layout == .coco && coco.all.map(\.id) == ["1#10", "1#11", "2"])
    #expect(coco.all.map(\.split) == [.train, .train, .validation])
    #expect(coco.all.map(\.images) == [["x.png"], ["x.png"], ["y.png"]])
  }

  @Test(arguments: [
    ("", "empty"), ("{", "not valid JSON"), ("[]", "an array"), ("{}", "found none"),
    (#"{"dev2": {}}"#, "unknown split 'dev2'"), (#"{"train": []}"#, "split 'train'"),
    (#"{"train": {"a": []}}"#, "case 'a'"),
    (#"{"train": {"a": {"En_Report": "x"}}}"#, "'Image_path' is missing"),
    (#"{"train": {"a": {"Image_path": "x", "En_Report": "x"}}}"#, "'Image_path' is a string"),
    (#"{"train": {"a": {"Image_path": [1], "En_Report": "x"}}}"#, "holds a number"),
    (#"{"train": {"a": {"Image_path": ["x"], "En_Report": null}}}"#, "'En_Report' is null"),
    (#"{"train": {"a": {"Image_path": ["../x"], "En_Report": "x"}}}"#, "leads out"),
    (#"{"train": {"a": {"Image_path": ["/x"], "En_Report": "x"}}}"#, "absolute"),
    (
      #"{"train": {"a": {"Image_path": [], "En_Report": "x"}, "a": {}}}"#, "'a' occurs twice"
    ),
    (
      #"{"train": {"a": {"Image_path": ["x"], "En_Report": "x"}}, "val": {"a": {"Image_path": ["x"], "En_Report": "x"}}}"#,
      "in the splits train and val"
    ),
    (
      #"{"images": [], "annotations": [{"image_id": 1, "caption": "x"}]}"#,
      "no image with the id '1'"
    ),
  ]) func whatIsWrongIsNamed(text: String, message: String) {
    #expect("\(message)") { try read(text) } throws: { error in
      "\(error)".contains(message) && "\(error)".contains("studies.json")
    }
  }

  @Test(arguments: [
    (#"{"images": ["x"], "text": "x"}"#, "'id' is missing"), ("[1]", "expected a JSON object"),
    (#"{"id": "a", "images": ["x"], "text": "x", "split": "dev2"}"#, "unknown split 'dev2'"),
    (#"{"id": "a", "images": ["x"], "text": 3}"#, "'text' is a number"),
    ("nonsense", "not valid JSON"),
    (#"{"id": true, "images": ["x"], "text": "x"}"#, "'id' is a truth value"),
    (
      #"{"id": "first", "images": ["x"], "text": "x"}"#,
      "'first' occurs twice (it is on line 1 already)"
    ),
  ]) func linesSayWhatIsWrongWithThem(line: String, message: String) {
    let first = #"{"id": "first", "images": ["x.png"], "text": "ok", "split": "train"}"#
    #expect("\(message)") { try read(first + "\n" + line, "rows.jsonl") } throws: { error in
      "\(error)".contains(message) && "\(error)".contains("line 2")
    }
  }

  @Test func studiesWithoutReportsOrImagesAreRefused() throws {
    let studies = try read(
      #"{"id": 1, "images": [], "text": "x"}"# + "\n"
        + #"{"id": 2, "images": ["a"], "text": " \n"}"#,
      "rows.jsonl")
    #expect("both") { try studies.studies(nil) } throws: { error in
      "\(error)".contains("case '1' has no images")
        && "\(error)".contains("'2' has an empty report")
    }
  }

  // MARK: - Samples

  @Test func everyImageIsASampleAndMissingOnesAreTold() throws {
    try folder.write("", to: "root/a/1.png")
    try folder.write("", to: "root/a/3.png")
    let samples = ReportSamples(
      images: [
        ReportStudy(id: "x", images: ["a/1.png", "a/2.png"], text: "one"),
        ReportStudy(id: "y", images: ["a/3.png"], text: "two"),
      ], root: folder.url.appending(path: "root"))
    #expect(samples.samples.map(\.id) == ["a/1.png", "a/3.png"])
    #expect(samples.samples.map(\.text) == ["one", "two"])
    #expect(samples.missing.map(\.id) == ["a/2.png"])
  }

  @Test func captionsAreFoundAsWrittenThenAsPublished() throws {
    let dataset = "MM_Retinal_dataset_v1"
    try folder.write("", to: "\(dataset)/FFA/figure1.png")
    try folder.write("", to: "\(dataset)/FFA_resized_jpg/figure1.jpg")
    try folder.write("", to: "\(dataset)/FFA_resized_jpg/figure2.jpg")
    let file = try folder.write(
      """
      ,image,atributes,categories
      0,\(dataset)/FFA/figure1.png,[],['Late leakage.']
      1,\(dataset)/FFA/figure2.png,[],"[""the patient's eye""]"
      2,\(dataset)/FFA/figure3.png,[],['gone']
      """, to: "MM_Retinal_FFA.csv")
    let samples = try ReportSamples(
      captions: Manifest(contentsOf: file, root: folder.url, form: .captions))
    #expect(
      samples.samples.map { $0.image.path.dropFirst(folder.url.path.count + 1) }
        == ["\(dataset)/FFA/figure1.png", "\(dataset)/FFA_resized_jpg/figure2.jpg"])
    #expect(samples.samples.map(\.text) == ["Late leakage.", "the patient's eye"])
    #expect(samples.missing.map(\.id) == ["\(dataset)/FFA/figure3.png"])
    #expect(samples.missing[0].reason.contains("FFA_resized_jpg/figure3.jpg"))
    #expect(ReportSamples.rewritten("FFA/FFA_png.png") == "FFA_resized_jpg/FFA_resized_jpg_jpg.jpg")
  }

  @Test func samplesAlternate() {
    func list(_ name: String, _ count: Int) -> [ReportSample] {
      (0..<count).map { ReportSample(id: "\(name)\($0)", image: folder.url, text: "") }
    }
    func mixed(_ a: Int, _ b: Int) -> [String] {
      ReportSamples.alternating(list("a", a), list("b", b)).map(\.id)
    }
    #expect(mixed(3, 2) == ["a0", "b0", "a1", "b1", "a2", "b0"])
    #expect(mixed(1, 3) == ["a0", "b0", "a0", "b1", "a0", "b2"])
    #expect(mixed(2, 0) == ["a0", "a1"])
  }

  // MARK: - Loading

  private func loader(_ change: (inout ReportLoader) -> Void = { _ in }) throws -> ReportLoader {
    let samples = try (0..<5).map { index in
      let file = folder.url.appending(path: "\(index).png")
      let pixels = (0..<40 * (50 + index) * 3).map { UInt8(($0 * 7 + index * 31) % 251) }
      try FundusImage(width: 50 + index, height: 40, pixels: pixels).writePNG(to: file, force: true)
      return ReportSample(id: "\(index).png", image: file, text: "report \(index)")
    }
    var loader = ReportLoader(
      samples: samples, sampler: ListSampler(count: 5),
      options: PairLoader.Options(batchSize: 2, seed: 3), imageSize: 32)
    change(&loader)
    return loader
  }

  @Test func epochsRestartTheListAndKeepTheLastBatch() throws {
    let stream = try loader().batches(from: 1)
    defer { stream.cancel() }
    let texts = try (0..<4).map { _ in try stream.next().samples.map(\.text) }
    #expect(
      texts == [
        ["report 2", "report 3"], ["report 4"], ["report 0", "report 1"], ["report 2", "report 3"],
      ])
  }

  /// The same bits from any step, on any number of threads; other views in other epochs.
  @Test func viewsFollowFromSeedEpochAndPlace() throws {
    func images(_ step: Int, threads: Int, seed: UInt64 = 3) throws -> [Float] {
      let stream = try loader {
        $0.view = ReportTrainingView(imageSize: 32)
        $0.options.threads = threads
        $0.options.seed = seed
      }.batches(from: step)
      defer { stream.cancel() }
      return try stream.next().images.scalars
    }
    let first = try images(1, threads: 1)
    #expect(first.count == 2 * 32 * 32 * 3)
    #expect(try images(1, threads: 3) == first)
    #expect(try images(1, threads: 1, seed: 4) != first)
    #expect(try images(4, threads: 1) != first)
  }

  @Test func viewsHaveThePublishedSizes() throws {
    let view = ReportTrainingView(imageSize: 224)
    for (width, height, expected) in [
      (768, 768, (256, 256)), (800, 600, (341, 256)), (333, 1000, (256, 768)),
      (100, 90, (284, 256)),
    ] {
      let size = try view.resizedSize(width: width, height: height, name: "x")
      #expect(size == expected)
    }
    #expect(throws: ImageError.self) { try view.resizedSize(width: 3, height: 900, name: "x") }
  }

  @Test func badImagesEndTheStreamOrAreReplaced() throws {
    func first(_ policy: BadImagePolicy) throws -> ([String], [SkippedImage]) {
      let loader = try loader { $0.options.onBadImage = policy }
      try Data("no image".utf8).write(to: folder.url.appending(path: "1.png"))
      let stream = loader.batches(from: 0)
      defer { stream.cancel() }
      return (try stream.next().samples.map(\.id), stream.skipped)
    }
    #expect("names the file") { try first(.fail) } throws: { "\($0)".contains("1.png") }
    let (ids, skipped) = try first(.skip)
    #expect(ids == ["0.png", "2.png"] && skipped.map(\.id) == ["1.png"])
  }
}
