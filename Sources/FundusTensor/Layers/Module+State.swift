import Foundation

extension Module {
  /// The number of parameters, with tied ones counted once and without buffers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.value.count } }

  /// Writes every parameter and buffer to a safetensors file under its name, convolutions in PyTorch's
  /// order, so that `safetensors.torch.load_file` gives a `state_dict` for the same model there.
  ///
  /// A tied parameter is written once, under its first name.
  /// - Parameters:
  ///   - url: the file, which is written atomically.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public func save(to url: URL, force: Bool = false) throws {
    try Safetensors.write(
      uniqueEntries.map { ($0.name, $0.exported) }, to: url, force: force)
  }

  /// Loads all parameters and buffers from a safetensors file, or none if there is an error.
  ///
  /// - Parameter url: a file as ``save(to:force:)`` writes it.
  /// - Throws: ``CheckpointError`` when the file cannot be read, and (`mismatch`) when names are missing,
  ///   unexpected or of another shape; the error lists them all, with both shapes.
  public func load(from url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let all = stateEntries()
    let entries = uniqueEntries
    let known = Set(all.map(\.name))
    var misfits = StateMisfits()
    misfits.missing = entries.map(\.name).filter { file.stored($0) == nil }
    misfits.unexpected = file.names.filter {
      !known.contains($0) && !$0.hasSuffix("num_batches_tracked")
    }
    for entry in all {
      if let shape = file.shape(of: entry.name), shape != entry.fileShape {
        misfits.add(entry, shape: shape)
      }
    }
    try misfits.check(file: url.lastPathComponent, entries: entries.count)
    let tensors = try entries.map { try file.tensor(named: $0.name) }
    // Other names of tied parameters may be there, as PyTorch writes them, with the same values.
    let first = Dictionary(
      zip(entries, tensors).map { ($0.identity, $1) }, uniquingKeysWith: { first, _ in first })
    for entry in all where file.stored(entry.name) != nil {
      let other = try file.tensor(named: entry.name)
      guard other.digest == first[entry.identity]?.digest else {
        throw CheckpointError(
          .mismatch, file: url.lastPathComponent,
          "has different values for '\(entry.name)' and the parameter tied to it")
      }
    }
    for (entry, tensor) in zip(entries, tensors) { entry.load(tensor) }
  }

  /// Freezes or unfreezes all parameters: frozen ones are used but receive no gradient.
  public func setTrainable(_ isTrainable: Bool) {
    for (_, parameter) in parameters { parameter.isTrainable = isTrainable }
  }

  private var uniqueEntries: [StateEntry] {
    var seen: Set<ObjectIdentifier> = []
    return stateEntries().filter { seen.insert($0.identity).inserted }
  }
}

/// The mismatches between a checkpoint and a model.
package struct StateMisfits {
  /// Names of the model that are missing from the checkpoint.
  package var missing: [String] = []
  /// Unexpected names of the checkpoint.
  package var unexpected: [String] = []
  private var misshaped: [String] = []

  /// Nothing found yet.
  package init() {}

  /// Notes a tensor of another shape.
  package mutating func add(_ entry: StateEntry, shape: [Int]) {
    misshaped.append("\(entry.name) (\(shape) in the file, \(entry.fileShape) expected)")
  }

  /// - Throws: ``CheckpointError`` (`mismatch`) that lists all mismatches.
  package func check(file: String, entries: Int) throws {
    let parts = [
      ("missing", missing), ("unexpected", unexpected), ("of another shape", misshaped),
    ].filter { !$0.1.isEmpty }
    guard !parts.isEmpty else { return }
    let text = parts.map { "\($0.1.count) \($0.0): \(Self.list($0.1))" }.joined(separator: "; ")
    throw CheckpointError(
      .mismatch, file: file, "does not fit the model (\(entries) tensors): \(text)")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map { $0.quotable(limit: 160) }.joined(separator: ", ")
    return names.count > 8 ? shown + " and \(names.count - 8) more" : shown
  }
}
