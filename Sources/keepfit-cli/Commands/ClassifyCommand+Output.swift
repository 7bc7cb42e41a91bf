import Foundation
import KeepFIT

/// The output of predictions: a table or a JSON list on standard output, or a file.
final class PredictionOutput {
  private let file: PredictionFile?
  private let isJSON: Bool
  private var printed = 0

  init(_ file: PredictionFile?, isJSON: Bool) {
    self.file = file
    self.isJSON = isJSON
    if isJSON { Console.write("[") }
  }

  func add(_ predictions: [ImagePrediction]) throws {
    if let file { return try file.append(predictions) }
    for prediction in predictions {
      let isFirst = printed == 0
      printed += 1
      Console.write(
        isJSON
          ? (isFirst ? "" : ",\n") + prediction.json.serialized()
          : (isFirst ? "" : "\n") + Self.text(prediction))
    }
  }

  /// Closes a printed list, also after an error, so that it is valid JSON.
  func close() { if isJSON { Console.print("]") } }

  private static func text(_ prediction: ImagePrediction) -> String {
    var table = TextTable(["", "probability", "logit", "label"], [.left, .right, .right, .left])
    let order = prediction.labels.indices.sorted {
      prediction.probabilities[$0] > prediction.probabilities[$1]
    }
    for label in order {
      table.add([
        "", String(format: "%.4f", prediction.probabilities[label]),
        String(format: "%.3f", prediction.logits[label]), prediction.labels[label],
      ])
    }
    var text = prediction.image + "\n" + table.text
    if let set = prediction.predictionSet {
      text += "prediction set: \(set.joined(separator: "; "))\n"
    }
    if let quality = prediction.quality, !quality.issues.isEmpty {
      text += "image quality: \(quality.issues.map(\.text).joined(separator: ", "))\n"
    }
    return text
  }
}

extension ClassifyCommand {
  /// What the predictions depend on, for `--resume`.
  func settings(
    _ classifier: ImageClassifier, model: KeepFITModel, preprocessing: Preprocessing
  ) throws -> [String: String] {
    var settings = [
      "model": KeepFITTransferModel(model).fingerprint,
      "labels": classifier.labels.joined(separator: ";"),
      "preprocessing": String(
        SHA256.hexDigest(Array(try JSONText.encode(preprocessing).utf8)).prefix(16)),
      "precision": precision.precision.value.rawValue,
    ]
    if let adapter = adapter.given { settings["adapter"] = try Self.digest(of: adapter) }
    if adapter.given == nil {
      settings["prompt"] = knowledge.prompt.given ?? model.configuration.caption
      settings["knowledge"] = try knowledge.table()?.digest ?? "none"
      settings["independent"] = "\(independent.isOn)"
    }
    if let rate = conformal.given { settings["conformal"] = "\(rate)" }
    return settings
  }

  /// Identifies an adapter by its content.
  private static func digest(of adapter: FilePath) throws -> String {
    let data = try ["adapter.json", "adapter.safetensors"].map {
      try Data(contentsOf: adapter.url.appending(path: $0))
    }
    return String(SHA256.hexDigest([UInt8](data[0] + data[1])).prefix(16))
  }
}
