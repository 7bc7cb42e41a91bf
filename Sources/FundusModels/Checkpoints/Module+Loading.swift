/// The rules for loading a checkpoint into a model.
public struct LoadingRules: Sendable {
  /// Names of the model that may be missing from a checkpoint; they keep their values.
  public var mayLack: @Sendable (String) -> Bool
  /// Names of a checkpoint that may be ignored.
  public var mayIgnore: @Sendable (String) -> Bool

  /// Creates rules that are strict except for harmless names (see ``isHarmless(_:)``) and the given ones.
  public init(
    mayLack: @escaping @Sendable (String) -> Bool = { _ in false },
    mayIgnore: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    self.mayLack = mayLack
    self.mayIgnore = mayIgnore
  }

  /// Whether a tensor does not affect the result of a model: the position ids 0, 1, 2… that older versions of
  /// `transformers` save, and the number of batches that a batch norm has seen.
  public static func isHarmless(_ name: String) -> Bool {
    name.hasSuffix("embeddings.position_ids") || name.hasSuffix("embeddings.token_type_ids")
      || name.hasSuffix(".num_batches_tracked") || name == "num_batches_tracked"
  }
}

/// The differences that `Module/load(_:rules:)` accepted.
public struct LoadingReport: Sendable, Equatable {
  /// Names of the model that are missing from the checkpoint.
  public var missing: [String] = []
  /// Names of the checkpoint that were ignored.
  public var ignored: [String] = []
}

extension StateDictionary {
  /// The same tensors without the name prefixes of wrappers that all of them have (`module.` of data-parallel
  /// training, `_orig_mod.` of compiled models, `model.` of Lightning, `backbone.` of self-supervised
  /// training) and with the current names of layer norm parameters (instead of `gamma` and `beta` of models
  /// converted from TensorFlow).
  public func normalized() -> StateDictionary {
    var prefix = ""
    let wrappers = ["module.", "_orig_mod.", "model.", "backbone."]
    while !tensors.isEmpty,
      let wrapper = wrappers.first(where: { wrapper in
        tensors.allSatisfy { $0.name.hasPrefix(prefix + wrapper) }
      })
    {
      prefix += wrapper
    }
    let length = prefix.count
    return renaming { name in
      let name = String(name.dropFirst(length))
      if name.hasSuffix("LayerNorm.gamma") { return name.dropLast(5) + "weight" }
      if name.hasSuffix("LayerNorm.beta") { return name.dropLast(4) + "bias" }
      return name
    }
  }
}

extension Module {
  /// Loads all parameters and buffers from a checkpoint, or none if there is an error.
  ///
  /// Single-precision weights of linear layers and embeddings are memory-mapped; those of convolutions are
  /// converted to their in-memory layout.
  ///
  /// - Parameters:
  ///   - state: tensors with the names and shapes of `Module/stateEntries()`.
  ///   - rules: the names that may be missing or ignored.
  /// - Throws: ``CheckpointError``: `mismatch`, which names missing and unexpected tensors and those of another
  ///   shape, with both shapes; `malformed`, which names a tensor with a non-finite value.
  @discardableResult
  public func load(
    _ state: StateDictionary, rules: LoadingRules = LoadingRules()
  ) throws -> LoadingReport {
    let entries = stateEntries()
    var report = LoadingReport()
    var misfits = StateMisfits()
    var pairs: [(StateEntry, StoredTensor)] = []
    for entry in entries {
      guard let stored = state[entry.name] else {
        if LoadingRules.isHarmless(entry.name) || rules.mayLack(entry.name) {
          report.missing.append(entry.name)
        } else {
          misfits.missing.append(entry.name)
        }
        continue
      }
      // Scalars are sometimes saved with one dimension.
      if stored.shape == entry.fileShape || (stored.count == 1 && entry.fileShape.isEmpty) {
        pairs.append((entry, stored))
      } else {
        misfits.add(entry, shape: stored.shape)
      }
    }
    let known = Set(entries.map(\.name))
    for name in state.names where !known.contains(name) {
      if LoadingRules.isHarmless(name) || rules.mayIgnore(name) {
        report.ignored.append(name)
      } else {
        misfits.unexpected.append(name)
      }
    }
    try misfits.check(file: state.source, entries: entries.count)
    let found = pairs
    let tensors = ThreadPool.map(found.count) { index in
      let tensor = found[index].1.tensor()
      return (tensor, found[index].1.elementType.isFloatingPoint ? tensor.firstNonFinite : nil)
    }
    for ((_, stored), (tensor, place)) in zip(found, tensors) {
      guard let place else { continue }
      throw CheckpointError(
        .malformed, file: state.source,
        "tensor '\(stored.name.quotable())' holds \(tensor.scalars[place]) at element \(place); weights "
          + "must be finite")
    }
    ThreadPool.forEach(found.count) { index in
      let (entry, tensor) = (found[index].0, tensors[index].0)
      entry.load(tensor.shape == entry.fileShape ? tensor : tensor.reshaped(entry.fileShape))
    }
    return report
  }
}
