/// The meaning of the globals of a state dictionary.
extension PickleInterpreter {
  /// The value of `callee(*arguments)`.
  mutating func apply(_ callee: PickleValue, to arguments: PickleValue) throws -> PickleValue {
    guard case .global(let global) = callee, case .tuple(let place) = arguments else {
      throw malformed("\(callee.kind) is called with \(arguments.kind)")
    }
    return try apply(global, elements(place), depth: 0)
  }

  private mutating func apply(
    _ global: PickleGlobal, _ arguments: [PickleValue], depth: Int
  ) throws -> PickleValue {
    switch global {
    case .orderedDictionary, .counter: return try dictionary(arguments)
    case .set:
      guard case .list(let place)? = arguments.first else { return .list(store([])) }
      return .list(store(try copy(place)))
    case .size:
      switch arguments.first {
      case .tuple(let place)?, .list(let place)?: return .tuple(store(try copy(place)))
      default: return .tuple(store([]))
      }
    case .device:
      guard case .text(let name)? = arguments.first else {
        throw malformed("a device without a name")
      }
      return .device(name)
    case .encode:
      guard case .text(let text)? = arguments.first else {
        throw malformed("bytes that are not encoded as a string")
      }
      try spend(text.utf8.count)
      let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
      guard bytes.count == text.unicodeScalars.count else {
        throw malformed("bytes that are not encoded in Latin-1")
      }
      return .bytes(bytes)
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3:
      return try tensor(arguments, hasElementType: global == .rebuildTensorV3)
    case .rebuildParameter, .rebuildParameterWithState:
      guard case .tensor? = arguments.first else { throw malformed("a parameter without a tensor") }
      return arguments[0]
    case .rebuildFromType:
      guard depth == 0, arguments.count >= 3, case .global(let function) = arguments[0],
        case .tuple(let place) = arguments[2],
        case .global(let type) = arguments[1], type == .tensorClass || type == .parameterClass
      else { throw malformed("a tensor of an unknown class") }
      return try apply(function, elements(place), depth: 1)
    case .opaque(let name):
      // `copyreg._reconstructor(class, base, state)` names the class.
      if name.hasSuffix("._reconstructor"), case .global(.opaque(let known))? = arguments.first {
        return .object(known)
      }
      return .object(name)
    case .tensorClass, .parameterClass, .storage, .elementType:
      throw malformed("a call to a class that may only be referenced")
    }
  }

  private mutating func copy(_ place: Int) throws -> [PickleValue] {
    try spend(elements(place).count)
    return elements(place)
  }

  private mutating func dictionary(_ arguments: [PickleValue]) throws -> PickleValue {
    switch arguments.first {
    case nil: return .dictionary(store([]))
    case .dictionary(let place)?: return .dictionary(store(try copy(place)))
    case .list(let place)?, .tuple(let place)?:
      try spend(elements(place).count)
      var items: [PickleValue] = []
      for pair in elements(place) {
        switch pair {
        case .list(let inner), .tuple(let inner):
          guard elements(inner).count == 2 else { fallthrough }
          items += elements(inner)
        default: throw malformed("a dictionary is built from something other than pairs")
        }
      }
      return .dictionary(store(items))
    default: throw malformed("a dictionary is built from \(arguments[0].kind)")
    }
  }

  private func sizes(_ value: PickleValue) throws -> [Int] {
    switch value {
    case .tuple(let place), .list(let place):
      guard elements(place).count <= StoredTensor.maximumRank else {
        throw malformed("a shape with \(elements(place).count) dimensions")
      }
      return try elements(place).map {
        guard case .integer(let size) = $0 else {
          throw malformed("a shape with \($0.kind) in it")
        }
        return size
      }
    default: throw malformed("a shape that is \(value.kind)")
    }
  }

  private mutating func tensor(
    _ arguments: [PickleValue], hasElementType: Bool
  ) throws -> PickleValue {
    guard arguments.count >= (hasElementType ? 7 : 4), case .storage(let storage) = arguments[0],
      case .integer(let offset) = arguments[1]
    else { throw malformed("a tensor without a storage and an offset") }
    var type = storage.elementType
    if hasElementType {
      guard case .elementType(let explicit) = arguments[6] else {
        throw malformed("a tensor without an element type")
      }
      type = explicit
    }
    guard let type else { throw malformed("a tensor whose storage has no element type") }
    return store(
      PickleTensor(
        storage: storage, elementType: type, offset: offset, shape: try sizes(arguments[2]),
        strides: try sizes(arguments[3]),
        views: try views(arguments.dropFirst(hasElementType ? 7 : 6).first)))
  }

  /// Lazy operations on the stored elements: `{"neg": True}` and `{"conj": True}`, for tensors that are lazily
  /// negated or conjugated.
  private func views(_ metadata: PickleValue?) throws -> [String] {
    switch metadata {
    case nil, .some(.none): return []
    case .dictionary(let place)?:
      return try pairs(place).compactMap { key, value in
        guard case .text(let name) = key, case .bool(let isSet) = value else {
          throw malformed("the metadata of a tensor, which is not {name: Boolean}")
        }
        return isSet ? name : nil
      }
    case .some(let other): throw malformed("the metadata of a tensor that is \(other.kind)")
    }
  }

  /// Ignores attributes of dictionaries (PyTorch's `_metadata`) and tensors, which do not affect the elements.
  mutating func build(with state: PickleValue) throws {
    guard let target = stack.last else { throw malformed("a value is missing from the stack") }
    switch target {
    case .dictionary, .tensor, .object: return
    default: throw malformed("attributes are set on \(target.kind)")
    }
  }

  /// The storage that a persistent identifier names:
  /// `("storage", class, key, device, size)`, in legacy files with a view at the end.
  func persistentStorage(_ identifier: PickleValue) throws -> PickleStorage {
    guard case .tuple(let place) = identifier else {
      throw malformed("a persistent identifier that is \(identifier.kind)")
    }
    let parts = elements(place)
    guard parts.count >= 5, case .text("storage") = parts[0],
      case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2],
      case .integer(let count) = parts[4], count >= 0
    else { throw malformed("a persistent identifier that is not that of a storage") }
    var storage = PickleStorage(key: key, elementType: type, count: count)
    if parts.count > 5, case .tuple(let view) = parts[5] {
      let parts = elements(view)
      guard parts.count == 3, case .integer(let offset) = parts[1],
        case .integer(let size) = parts[2], offset >= 0, size >= 0
      else { throw malformed("a view of a storage that is not a key, an offset and a size") }
      storage = PickleStorage(key: key, elementType: type, count: size, offset: offset)
    }
    return storage
  }
}
