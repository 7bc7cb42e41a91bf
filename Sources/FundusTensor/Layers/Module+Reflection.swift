extension Module {
  /// Names every parameter, buffer and part by the stored property that holds it, as PyTorch does:
  /// `layers.0.weight`. Members of arrays have their number, those of dictionaries their key, those of
  /// tuples their label; optionals that are nil are left out, and superclasses come first.
  ///
  /// A module implements `visit(_:)` only if names in files differ from those of its properties.
  public func visit(_ state: inout StateVisitor) {
    state.reflectProperties(of: self)
  }

  /// Parameters, buffers and modules in stored properties, at any depth, that ``visit(_:)`` does not name:
  /// empty unless a custom `visit(_:)` omits some.
  ///
  /// - Returns: their paths by properties.
  public var forgottenState: [String] {
    var visited = StateVisitor()
    visit(&visited)
    let known = Set(visited.entries.map(\.identity))
    var reflected = StateVisitor(reflectsAll: true)
    reflected.child("", self)
    return reflected.entries.filter { !known.contains($0.identity) }
      .map { String($0.name.dropFirst()) }
  }
}

extension StateEntry {
  /// The object that holds the value: the same for tied parameters.
  var identity: ObjectIdentifier {
    switch content {
    case .parameter(let parameter): ObjectIdentifier(parameter)
    case .buffer(let buffer): ObjectIdentifier(buffer)
    }
  }
}
