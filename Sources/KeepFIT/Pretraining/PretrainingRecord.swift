import Foundation

/// Everything that a run was started with: the content of `config.json` in its directory.
public struct PretrainingRecord: Codable, Sendable, Equatable {
  /// The model directory or file that the weights came from.
  public var model: String
  /// Its vocabulary, where it is not the one beside the weights.
  public var vocabulary: String?
  /// What decides the computation.
  public var training: PretrainingConfiguration
  /// Where images and texts come from.
  public var inputs: PretrainingInputs
  /// What the manifests held and what was left out of them; nil in the records of older versions.
  public var data: PretrainingDataSummary?
  /// What was changed when the run was resumed, a sentence for each setting; nil for nothing.
  public var history: [String]?

  /// What a run is started with.
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
  /// - Throws: ``PretrainingError`` if it is missing or no record.
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

  /// Writes the record whole or not at all.
  /// - Throws: `CheckpointError` if it cannot be written.
  public func write(to url: URL) throws {
    try AtomicFile.write(JSONText.encode(self, pretty: true) + "\n", to: url, force: true)
  }

  /// A setting whose value differs between two records.
  public struct Change: Sendable, Equatable {
    /// The setting as the command line names it, such as `--lr`.
    public let option: String
    /// The value before, as JSON; `not set` for none.
    public let before: String
    /// The value now, likewise.
    public let after: String
    /// Whether a run may continue with the new value: it decides how long the run is, what is saved and
    /// validated, or how images are loaded, and not what a step computes.
    public let isAllowed: Bool

    /// The change in words.
    public var description: String { "\(option) was \(before) and is now \(after)" }
  }

  /// The settings that differ from those that a run was started with, in the order of their names.
  public func changes(from earlier: PretrainingRecord) -> [Change] {
    let (before, now) = (earlier.values, values)
    return Set(before.keys).union(now.keys).sorted().compactMap { name in
      guard before[name] != now[name] else { return nil }
      return Change(
        option: Self.options[name] ?? name, before: before[name] ?? "not set",
        after: now[name] ?? "not set", isAllowed: Self.changeable.contains(name))
    }
  }

  private static let changeable: Set<String> = [
    "maxSteps", "epochs", "checkpointEverySteps", "checkpointEveryMinutes", "keepsCheckpoints",
    "patience", "recomputesActivations", "cache", "loaderThreads", "skipsBadImages", "validation",
    "probes", "monitor", "labeledRoots", "expertRoots",
  ]

  /// The names of the command line's options where they differ from those of the settings.
  private static let options: [String: String] = [
    "model": "--model", "vocabulary": "--vocab", "objective": "--objective",
    "revisionWeight": "--revision-weight", "attentionAxis": "--attention-axis",
    "batchSize": "--batch-size", "accumulationSteps": "--accumulate", "epochs": "--epochs",
    "startEpoch": "--start-epoch", "maxSteps": "--max-steps", "learningRate": "--lr",
    "weightDecay": "--weight-decay", "warmupEpochs": "--warmup-epochs",
    "scheduleEpochs": "--schedule-epochs", "gradientClip": "--clip", "seed": "--seed",
    "imageSize": "--image-size", "dropout": "--dropout", "freezesBatchNorm": "--freeze-batch-norm",
    "synchronizesBatchNorm": "--sync-batch-norm", "frozenEncoders": "--freeze",
    "recomputesActivations": "--recompute", "averageDecay": "--average-decay",
    "lossScope": "--loss-scope", "checkpointEverySteps": "--checkpoint-every",
    "checkpointEveryMinutes": "--checkpoint-minutes", "keepsCheckpoints": "--keep-checkpoints",
    "patience": "--patience", "labeled": "--public", "labeledRoots": "--public-root",
    "expert": "--expert", "expertRoots": "--expert-root", "validation": "--validation",
    "probes": "--probe", "monitor": "--monitor", "expertForm": "--expert-form",
    "captionLanguage": "--caption-language", "bannedCategories": "--banned",
    "bansSubstrings": "--ban-rule", "fraction": "--fraction",
    "normalizesLabels": "--normalize-labels", "isBalanced": "--balance",
    "isShuffled": "--no-shuffle", "isAugmented": "--no-augment", "knowledge": "--knowledge",
    "caption": "--caption", "preprocessing": "--preprocessing", "cache": "--cache",
    "loaderThreads": "--loader-threads", "skipsBadImages": "--on-bad-image",
  ]

  /// The settings as JSON by their names, the roots of the streams apart from the manifests.
  private var values: [String: String] {
    var inputs = inputs
    var roots: [String: [String]] = [
      "labeledRoots": inputs.labeled.map(\.root), "expertRoots": inputs.expert.map(\.root),
    ]
    roots = roots.filter { !$0.value.isEmpty }
    for index in inputs.labeled.indices { inputs.labeled[index].root = "" }
    for index in inputs.expert.indices { inputs.expert[index].root = "" }
    // The members of each part, one level deep.
    func members(_ value: some Encodable) -> [JSONValue.Member] {
      let text = (try? JSONText.encode(value)) ?? ""
      return (try? JSONValue(parsing: Array(text.utf8)))?.members ?? []
    }
    var all = members(training) + members(inputs) + members(roots)
    all = all.map { member in
      member.name == "skipsBadImages"
        ? .init(member.name, .string(inputs.skipsBadImages ? "skip" : "fail")) : member
    }
    all.append(.init("model", .string(model)))
    if let vocabulary { all.append(.init("vocabulary", .string(vocabulary))) }
    return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.value.serialized()) })
  }
}
