import Foundation
import FundusTensor

extension ReportModel {
  /// Every tensor of the model under its published name, in the published order, with
  /// `num_batches_tracked` for the batch norms as PyTorch's strict loading wants it: 454 of them for
  /// the published sizes.
  public func checkpointEntries() -> [CheckpointEntry] {
    stateEntries().flatMap { entry in
      let own = CheckpointEntry(entry.name, entry.exported)
      guard let name = Self.counterName(besides: entry.name) else { return [own] }
      return [own, CheckpointEntry(name, integers: [batchesTracked[name] ?? 0], shape: [])]
    }
  }

  /// Loads every tensor of a report model's checkpoint, with or without a `module.` prefix, or none if
  /// anything does not match.
  ///
  /// - Parameter state: the checkpoint.
  /// - Throws: `CheckpointError`: `mismatch` that names what is missing, unexpected or of another
  ///   shape; `malformed` for a tensor with a value that is not finite.
  public func loadWeights(_ state: StateDictionary) throws {
    let state = state.normalized()
    let name = "encoder_decoder.model.tgt_embed.0.lut.weight"
    if let table = state[name], table.shape.count == 2,
      table.shape[0] != configuration.vocabularySize
    {
      throw CheckpointError(
        .mismatch, file: state.source,
        "has a vocabulary of \(table.shape[0] - 1) words, but the given one has "
          + "\(configuration.vocabularySize - 1); use the vocabulary.txt of this model")
    }
    try load(state)
    batchesTracked = try Self.counters(in: state)
  }

  /// Loads the image encoder from another checkpoint: a torchvision ResNet file, a KeepFIT or
  /// FLAIR file, or a report model's.
  ///
  /// - Parameter url: the file.
  /// - Throws: `CheckpointError` that names what does not fit.
  public func loadVisionWeights(_ url: URL) throws {
    let state = try StateDictionary(contentsOf: url).normalized()
    let prefix = "visual_extractor.model."
    let published = state.renaming { name in
      name.hasPrefix(prefix) ? Self.torchvisionName(String(name.dropFirst(prefix.count))) : nil
    }
    var part = published
    if published.tensors.isEmpty {
      let prefixes = ["vision_model.model.", "model.", "backbone.", "resnet.", "encoder."]
      let found = prefixes.first { state[$0 + "conv1.weight"] != nil }
      part = found.map { state.dropping(prefix: $0) } ?? state
    }
    guard part["conv1.weight"] != nil else {
      let names = state.names.prefix(3).map { $0.quotable(limit: 60) }.joined(separator: ", ")
      throw CheckpointError(
        .mismatch, file: state.source,
        "contains no ResNet: neither 'conv1.weight' nor 'vision_model.model.conv1.weight' nor "
          + "'visual_extractor.model.0.weight' is there; it begins with \(names)")
    }
    try vision.load(part, rules: LoadingRules(mayIgnore: { $0.hasPrefix("fc.") }))
    for (name, count) in try Self.counters(in: part) {
      batchesTracked[prefix + Self.publishedName(name)] = count
    }
  }

  /// Notes that the batch norms have seen one more batch.
  func countBatch() {
    for entry in stateEntries() {
      guard let name = Self.counterName(besides: entry.name) else { continue }
      batchesTracked[name, default: 0] += 1
    }
  }

  /// The counter that follows a running variance.
  private static func counterName(besides name: String) -> String? {
    let suffix = "running_var"
    return name.hasSuffix(suffix) ? name.dropLast(suffix.count) + "num_batches_tracked" : nil
  }

  private static func counters(in state: StateDictionary) throws -> [String: Int] {
    var result: [String: Int] = [:]
    for tensor in state.tensors
    where tensor.name.hasSuffix("num_batches_tracked") && tensor.count == 1 {
      if !tensor.elementType.isFloatingPoint { result[tensor.name] = try tensor.integers()[0] }
    }
    return result
  }

  /// `0.weight` is `conv1.weight`, `1.*` `bn1.*`, and `4.*` to `7.*` are the four stages.
  private static func torchvisionName(_ name: String) -> String? {
    guard let dot = name.firstIndex(of: "."), let number = Int(name[..<dot]) else { return nil }
    switch number {
    case 0: return "conv1" + name[dot...]
    case 1: return "bn1" + name[dot...]
    case 4...7: return "layer\(number - 3)" + name[dot...]
    default: return nil
    }
  }

  private static func publishedName(_ name: String) -> String {
    for (theirs, ours) in [("conv1.", "0."), ("bn1.", "1.")] where name.hasPrefix(theirs) {
      return ours + name.dropFirst(theirs.count)
    }
    for stage in 1...4 where name.hasPrefix("layer\(stage).") {
      return "\(stage + 3)." + name.dropFirst("layer\(stage).".count)
    }
    return name
  }
}
