import Foundation

/// The settings that a report training run was started with: the content of `config.json` in the run
/// directory.
public struct ReportTrainingRecord: Codable, Sendable, Equatable {
  /// The kind of run, always `report-training`.
  public private(set) var kind = Self.kindName
  /// The initial report model, a directory.
  public var model: String
  /// The training settings.
  public var training: ReportTrainingConfiguration
  /// The data.
  public var inputs: ReportTrainingInputs
  /// The summary of the data, one sentence each; nil before it was read.
  public var data: [String]?
  /// The number of samples in an epoch; nil before they were counted.
  public var samples: Int?
  /// Changes of settings when the run was resumed, one sentence each; nil for none.
  public var history: [String]?

  private static let kindName = "report-training"

  /// Creates a record.
  public init(
    model: String, training: ReportTrainingConfiguration, inputs: ReportTrainingInputs
  ) {
    self.model = model
    self.training = training
    self.inputs = inputs
  }

  /// Reads the `config.json` of a run.
  /// - Throws: ``PretrainingError`` if it is missing or invalid.
  public init(contentsOf url: URL) throws {
    guard let data = try? Data(contentsOf: url) else {
      throw PretrainingError.runDirectory("\(url.path): there is no such run to resume")
    }
    guard let record = try? JSONDecoder().decode(Self.self, from: data),
      record.kind == Self.kindName
    else {
      throw PretrainingError.runDirectory(
        "\(url.path): is not the record of a report model's training")
    }
    self = record
  }

  /// Writes the record atomically.
  /// - Throws: `CheckpointError` if it cannot be written.
  public func write(to url: URL) throws {
    try AtomicFile.write(JSONText.encode(self, pretty: true) + "\n", to: url, force: true)
  }

  /// The settings that differ from those of an earlier record, ordered by name.
  public func changes(from earlier: ReportTrainingRecord) -> [PretrainingRecord.Change] {
    PretrainingRecord.Change.between(
      earlier.values, values, options: Self.options, changeable: Self.changeable)
  }

  private var values: [String: String] {
    var inputs = inputs
    var others: [String: String] = [
      "model": JSONValue.string(model).serialized(),
      "studiesRoot": JSONValue.string(inputs.studiesRoot).serialized(),
      "skipsBadImages": inputs.skipsBadImages ? "\"skip\"" : "\"fail\"",
    ]
    if !inputs.expert.isEmpty {
      others["expertRoots"] =
        JSONValue.array(inputs.expert.map { .string($0.root) }).serialized()
    }
    for index in inputs.expert.indices { inputs.expert[index].root = "" }
    others["appliesOrientation"] = inputs.appliesOrientation == true ? "\"apply\"" : "\"ignore\""
    others["deepGray"] = inputs.deepGray == .scaled ? "\"scale\"" : "\"clip\""
    return PretrainingRecord.Change.values(training)
      .merging(PretrainingRecord.Change.values(inputs)) { $1 }.merging(others) { $1 }
  }

  private static let changeable: Set<String> = [
    "maxSteps", "epochs", "checkpointEverySteps", "checkpointEveryMinutes", "keepsCheckpoints",
    "patience", "monitor", "recomputesActivations", "loaderThreads", "skipsBadImages",
    "studiesRoot", "expertRoots",
  ]

  private static let options: [String: String] = [
    "model": "--model", "studies": "--ffa-ir", "studiesRoot": "--ffa-ir-root",
    "expert": "--expert", "expertRoots": "--expert-root", "isShuffled": "--no-shuffle",
    "isAugmented": "--no-augment", "isMirrored": "--no-flip", "loaderThreads": "--loader-threads",
    "skipsBadImages": "--on-bad-image", "batchSize": "--batch-size",
    "accumulationSteps": "--accumulate", "epochs": "--epochs", "maxSteps": "--max-steps",
    "learningRate": "--lr", "visionLearningRate": "--lr-visual", "weightDecay": "--weight-decay",
    "gradientLimit": "--clip-value", "usesAMSGrad": "--no-amsgrad", "decayEpochs": "--lr-step",
    "decayFactor": "--lr-gamma", "seed": "--seed", "dropout": "--dropout",
    "freezesBatchNorm": "--freeze-batch-norm", "synchronizesBatchNorm": "--sync-batch-norm",
    "recomputesActivations": "--recompute", "monitor": "--monitor", "patience": "--patience",
    "checkpointEverySteps": "--checkpoint-every", "checkpointEveryMinutes": "--checkpoint-minutes",
    "keepsCheckpoints": "--keep-checkpoints", "appliesOrientation": "--exif-orientation",
    "deepGray": "--gray16",
    "freezesVision": "--freeze", "averageDecay": "--ema-decay",
  ]
}
