import Foundation

/// Everything that a run was started with: the content of `config.json` in its directory.
public struct PretrainingRecord: Codable, Sendable, Equatable {
  /// The model directory or file that the weights came from.
  public var model: String
  /// Its vocabulary, where it is not the one beside the weights.
  public var vocabulary: String?
  /// What decides the computation.
  public var training: PretrainingConfiguration
  /// Where pictures and texts come from.
  public var inputs: PretrainingInputs

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
      throw PretrainingError.runDirectory("\(url.path): there is no such run to go on with")
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

  /// Why a run that was started with `earlier` cannot go on with these settings; nil if it can.
  ///
  /// How long the run is, how often it saves and how it loads its pictures may change; all else would
  /// make another run of it.
  public func difference(from earlier: PretrainingRecord) -> String? {
    var (new, old) = (self, earlier)
    old.training.maxSteps = new.training.maxSteps
    old.training.epochs = new.training.epochs
    old.training.checkpointEverySteps = new.training.checkpointEverySteps
    old.training.checkpointEveryMinutes = new.training.checkpointEveryMinutes
    old.training.keepsCheckpoints = new.training.keepsCheckpoints
    old.training.patience = new.training.patience
    old.inputs.cache = new.inputs.cache
    old.inputs.loaderThreads = new.inputs.loaderThreads
    (new.model, new.vocabulary) = (old.model, old.vocabulary)
    if new == old { return nil }
    let (before, now) = (Self.values(old), Self.values(new))
    let name = Set(before.keys).union(now.keys).sorted().first { before[$0] != now[$0] } ?? ""
    return "\(name) was \(before[name] ?? "not set") and is now \(now[name] ?? "not set")"
  }

  private static func values(_ record: PretrainingRecord) -> [String: String] {
    guard let data = try? JSONEncoder().encode(record),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { return [:] }
    var result: [String: String] = [:]
    for part in ["training", "inputs"] {
      for (name, value) in object[part] as? [String: Any] ?? [:] {
        // Printed dictionaries have no order; written with sorted keys, equal ones are equal.
        let text = try? JSONSerialization.data(
          withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
        result[name] = text.map { String(decoding: $0, as: UTF8.self) }
      }
    }
    return result
  }
}
