import Foundation

extension Module {
  /// How many numbers the parameters have, those that are tied counted once; buffers do not count.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.value.count } }

  /// Writes every parameter and buffer to a safetensors file under its name, convolutions in PyTorch's
  /// order, so that `safetensors.torch.load_file` gives a `state_dict` for the same model there.
  ///
  /// A tied parameter is written once, under its first name.
  /// - Parameters:
  ///   - url: the file, which appears whole or not at all.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public func save(to url: URL, force: Bool = false) throws {
    try Safetensors.write(
      uniqueEntries.map { ($0.name, $0.exported) }, to: url, force: force)
  }

  /// Takes over every parameter and buffer from a safetensors file, or none when something is amiss.
  ///
  /// - Parameter url: a file as ``save(to:force:)`` writes it.
  /// - Throws: ``CheckpointError`` when the file cannot be read, and (`mismatch`) when names are missing,
  ///   unexpected or of another shape; the error tells them all, with both shapes.
  public func load(from url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let entries = uniqueEntries
    let known = Set(entries.map(\.name))
    let missing = entries.map(\.name).filter { file.stored($0) == nil }
    let unexpected = file.names.filter {
      !known.contains($0) && !$0.hasSuffix("num_batches_tracked")
    }
    let misshaped = entries.compactMap { entry -> String? in
      guard let shape = file.shape(of: entry.name), shape != entry.fileShape else { return nil }
      return "\(entry.name) (\(shape) in the file, \(entry.fileShape) expected)"
    }
    let problems = [
      ("missing", missing), ("unexpected", unexpected), ("of another shape", misshaped),
    ].filter { !$0.1.isEmpty }
    guard problems.isEmpty else {
      let text = problems.map { kind, names in
        "\(names.count) \(kind): "
          + names.prefix(8).map { $0.quotable(limit: 160) }
          .joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
      }
      throw CheckpointError(
        .mismatch, file: url.lastPathComponent,
        "does not fit the model (\(entries.count) tensors): " + text.joined(separator: "; "))
    }
    let tensors = try entries.map { try file.tensor(named: $0.name) }
    for (entry, tensor) in zip(entries, tensors) { entry.load(tensor) }
  }

  /// Freezes or thaws every parameter: frozen ones take part but receive no gradient.
  public func setTrainable(_ isTrainable: Bool) {
    for (_, parameter) in parameters { parameter.isTrainable = isTrainable }
  }

  private var uniqueEntries: [StateEntry] {
    var seen: Set<ObjectIdentifier> = []
    return stateEntries().filter { seen.insert($0.identity).inserted }
  }
}
