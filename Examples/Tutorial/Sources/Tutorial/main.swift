import Foundation
import KeepFIT

/// The JPEG files of a folder, in alphabetical order.
func photographs(in folder: String) throws -> [URL] {
  try FileManager.default
    .contentsOfDirectory(at: URL(fileURLWithPath: folder), includingPropertiesForKeys: nil)
    .filter { $0.pathExtension == "jpg" }
    .sorted { $0.path < $1.path }
}

try makePracticeFolder()

// 1. Load and classify.
let model = try KeepFITModel.load(URL(fileURLWithPath: "model"))
let images = try photographs(in: "synthetic/S5_SEEN")
let pixels = try model.configuration.preprocessing.prepare(contentsOf: Array(images.prefix(4)))
let result = model.classify(
  pixels, labels: ["normal", "diabetic retinopathy", "glaucoma"], knowledge: .builtin)
for (image, row) in zip(images, result.probabilities) {
  print(image.lastPathComponent, zip(result.labels, row).map { "\($0) \($1)" })
}

// 2. Embed a folder and search it with a text.
let embeddings = try model.imageEmbeddings(contentsOf: images)
let index = try EmbeddingIndex(embeddings, sources: images.map(\.lastPathComponent))
let query = model.textEmbeddings(["A fundus photograph of macular hole"])
for match in try index.search(query.scalars, count: 3) {
  print(match.score, match.source ?? "")
}

// 3. Fine-tune on a labeled manifest, and save.
let data = try LabeledImages(
  contentsOf: URL(fileURLWithPath: "synthetic/manifests/unseen.csv"),
  root: URL(fileURLWithPath: "synthetic"), options: .init())
var options = FineTuning.Options()
options.epochs = 2
let tuned = try FineTuning.fit(
  KeepFITTransferModel(model),
  training: .init(urls: data.images.indices.map { data.url($0) }, labels: data.labels),
  classCount: data.classes.count, source: ImageSource(model.configuration.preprocessing),
  options: options)
try tuned.save(to: URL(fileURLWithPath: "tuned"), classes: data.classes)
tuned.restore()  // gives `model` its original weights back

// 4. Load the fine-tuned model and classify with it.
let adapter = try Adapter(contentsOf: URL(fileURLWithPath: "tuned"))
let answer = try adapter.classify(contentsOf: images, model: model)
for (image, row) in zip(images, answer.probabilities).prefix(3) {
  let best = row.indices.max { row[$0] < row[$1] }!
  print(image.lastPathComponent, answer.labels[best], row[best])
}

// 5. Evaluate methods on a dataset, with folds and confidence intervals.
var probe = TransferConfiguration(method: .linearProbe)
probe.split = .init(train: .count(2), validation: .count(0), test: .count(2))
probe.folds = 3
let run = try TransferRun(
  experiment: Experiment(name: "unseen", manifest: "unseen.csv", targets: nil), dataset: data,
  model: KeepFITTransferModel(model), source: ImageSource(model.configuration.preprocessing),
  configurations: [probe])
let report = try run.run()
try report.write(to: URL(fileURLWithPath: "results"), force: false)
try EvidenceReport(report).write(to: URL(fileURLWithPath: "results/report.html"))
if let accuracy = report.results[0].mean["aca"]?.scalar { print("balanced accuracy:", accuracy) }
