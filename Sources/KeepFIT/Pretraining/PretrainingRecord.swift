import Foundation

/// The settings that a run was started with: the content of `config.json` in the run directory.
public struct PretrainingRecord: Codable, Sendable, Equatable {
  /// The initial model, a directory or file.
  public var model: String
  /// Its vocabulary, if not the one next to the weights.
  public var vocabulary: String?
  /// The training settings.
  public var training: PretrainingConfiguration
  /// The data.
  public var inputs: PretrainingInputs
  /// The summary of the manifests; nil in the records of older versions.
  public var data: PretrainingDataSummary?
  /// Changes of settings when the run was resumed, one sentence each; nil for none.
  public var history: [String]?

  /// Creates a record.
  public init(
    model: String, vocabulary: String?, training: PretrainingConfiguration,
    inputs: PretrainingInputs
  ) {
    self.model = model
    self.vocabulary = vocabulary
    self.training = training
    self.inputs = inputs
  }

  /// Reads the `config.json` of a run.
  /// - Throws: ``PretrainingError`` if it is missing or invalid.
  public init(contentsOf url: URL) throws {
    guard let data = try? Data(contentsOf: url) else {
      throw PretrainingError.runDirectory("\(url.path): there is no such run to resume")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: data)
    } catch {
      throw PretrainingError.runDirectory("\(url.path): is not the record of a pretraining run")
    }
  }

  /// Writes the record atomically.
  /// - Throws: `CheckpointError` if it cannot be written.
  public func write(to url: URL) throws {
    try AtomicFile.write(JSONText.encode(self, pretty: true) + "\n", to: url, force: true)
  }

  /// A setting whose value differs between two records.
  public struct Change: Sendable, Equatable {
    /// The setting as a command line option, such as `--lr`.
    public let option: String
    /// The previous value, as JSON; `not set` for none.
    public let before: String
    /// The new value, likewise.
    public let after: String
    /// Whether a run may be resumed with the new value, because it affects only the length of the run, saving,
    /// validation or image loading, but not the result of a step.
    public let isAllowed: Bool

    /// A description of the change.
    public var description: String { "\(option) was \(before) and is now \(after)" }
  }

  /// The settings that differ from those of an earlier record, ordered by name.
  public func changes(from earlier: PretrainingRecord) -> [Change] {
    Change.between(
      earlier.values, values, options: Self.options, changeable: Self.changeable)
  }

  private static let changeable: Set<String> = [
    "maxSteps", "epochs", "checkpointEverySteps", "checkpointEveryMinutes", "keepsCheckpoints",
    "patience", "recomputesActivations", "cache", "loaderThreads", "skipsBadImages", "validation",
    "probes", "monitor", "labeledRoots", "expertRoots",
  ]

  /// The command line options of the settings.
  private static let options: [String: String] = [
    "model": "--model", "vocabulary": "--vocab", "objective": "--objective",
    "revisionWeight": "--revision-weight", "attentionAxis": "--attention-axis",
    "batchSize": "--batch-size", "accumulationSteps": "--accumulate", "epochs": "--epochs",
    "startEpoch": "--start-epoch", "maxSteps": "--max-steps", "learningRate": "--lr",
    "weightDecay": "--weight-decay", "warmupEpochs": "--warmup-epochs",
    "scheduleEpochs": "--schedule-epochs", "gradientClip": "--gradient-clip", "seed": "--seed",
    "imageSize": "--image-size", "dropout": "--dropout", "freezesBatchNorm": "--freeze-batch-norm",
    "synchronizesBatchNorm": "--sync-batch-norm", "frozenEncoders": "--freeze",
    "recomputesActivations": "--recompute", "averageDecay": "--ema-decay",
    "lossScope": "--loss-scope", "checkpointEverySteps": "--checkpoint-every",
    "checkpointEveryMinutes": "--checkpoint-minutes", "keepsCheckpoints": "--keep-checkpoints",
    "patience": "--patience", "labeled": "--public", "labeledRoots": "--public-root",
    "expert": "--expert", "expertRoots": "--expert-root", "validation": "--validation",
    "probes": "--probe", "monitor": "--monitor", "expertForm": "--expert-form",
    "captionLanguage": "--caption-language", "bannedCategories": "--held-out",
    "bansSubstrings": "--held-out-match", "fraction": "--fraction",
    "normalizesLabels": "--normalize-labels", "isBalanced": "--balance",
    "isShuffled": "--no-shuffle", "isAugmented": "--no-augment", "knowledge": "--knowledge",
    "caption": "--caption", "preprocessing": "--preprocessing", "cache": "--cache",
    "loaderThreads": "--loader-threads", "skipsBadImages": "--on-bad-image",
  ]

  /// The settings as JSON by name, with the roots of the streams separate from the manifests.
  private var values: [String: String] {
    var inputs = inputs
    var roots: [String: [String]] = [
      "labeledRoots": inputs.labeled.map(\.root), "expertRoots": inputs.expert.map(\.root),
    ]
    roots = roots.filter { !$0.value.isEmpty }
    for index in inputs.labeled.indices { inputs.labeled[index].root = "" }
    for index in inputs.expert.indices { inputs.expert[index].root = "" }
    var all = Change.values(training).merging(Change.values(inputs)) { $1 }
      .merging(Change.values(roots)) { $1 }
    all["skipsBadImages"] = inputs.skipsBadImages ? "\"skip\"" : "\"fail\""
    all["model"] = JSONValue.string(model).serialized()
    if let vocabulary { all["vocabulary"] = JSONValue.string(vocabulary).serialized() }
    return all
  }
}

extension PretrainingRecord.Change {
  /// The settings that differ, in the order of their names.
  /// - Parameters:
  ///   - before: the values before, as JSON by the names of the settings.
  ///   - now: the values now.
  ///   - options: the names on the command line where they differ.
  ///   - changeable: the settings with which a run may continue.
  static func between(
    _ before: [String: String], _ now: [String: String], options: [String: String],
    changeable: Set<String>
  ) -> [Self] {
    Set(before.keys).union(now.keys).sorted().compactMap { name in
      guard before[name] != now[name] else { return nil }
      return Self(
        option: options[name] ?? name, before: before[name] ?? "not set",
        after: now[name] ?? "not set", isAllowed: changeable.contains(name))
    }
  }

  /// The members of a value, one level deep, as JSON by their names.
  static func values(_ value: some Encodable) -> [String: String] {
    let text = (try? JSONText.encode(value)) ?? ""
    let members = (try? JSONValue(parsing: Array(text.utf8)))?.members ?? []
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.serialized()) })
  }
}
