/// Reads files written by `torch.save`, in zip and legacy format.
enum TorchFile {
  /// The bytes of a storage in the file.
  private typealias Places = [String: Range<Int>]

  // MARK: Zip (PyTorch 1.6 and later)

  /// `<root>/data.pkl` with the pickle, `<root>/data/<key>` with each storage.
  static func readZip(_ file: MappedFile) throws -> StateDictionary {
    let archive = try ZipArchive(file)
    guard let pickle = archive.entries.first(where: { $0.name.hasSuffix("/data.pkl") })?.name,
      let range = try archive.range(of: pickle)
    else {
      throw CheckpointError(
        .malformed, file: file.name, "is a zip archive without 'data.pkl', and not a PyTorch file")
    }
    let root = String(pickle.dropLast("data.pkl".count))
    var isBigEndian = false
    if let order = try archive.range(of: root + "byteorder") {
      let text = String(decoding: file.bytes(in: order.prefix(16)), as: UTF8.self)
      guard text == "little" || text == "big" else {
        throw CheckpointError(
          .malformed, file: file.name, "has an unknown byte order, '\(text.quotable())'")
      }
      isBigEndian = text == "big"
    }
    var interpreter = PickleInterpreter(ByteReader(file, range))
    let value = try interpreter.run()
    var places: Places = [:]
    for tensor in interpreter.tensors where places[tensor.storage.key] == nil {
      let key = tensor.storage.key
      guard let range = try archive.range(of: root + "data/" + key) else {
        throw CheckpointError(
          .malformed, file: file.name, "has no storage '\("data/\(key)".quotable())'")
      }
      places[key] = range
    }
    return try dictionary(
      value, interpreter, places, isBigEndian: isBigEndian, file: file, format: .torchZip)
  }

  // MARK: Legacy (before PyTorch 1.6)

  /// Little-endian 0x1950A86A20F9469CFC6C, the content of the first pickle.
  private static let magicNumber: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  /// Five pickles (magic number, protocol, system, the object, the keys of its storages), then for
  /// each key the number of elements and the elements.
  static func readLegacy(_ file: MappedFile) throws -> StateDictionary {
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "as a legacy PyTorch file: \(text)")
    }
    var start = 0
    func next() throws -> (PickleInterpreter, PickleValue) {
      var interpreter = PickleInterpreter(ByteReader(file, start..<file.count))
      let value = try interpreter.run()
      start = interpreter.reader.position
      return (interpreter, value)
    }
    guard case .longInteger(Self.magicNumber) = try next().1 else {
      throw failure("it is a pickle without PyTorch's magic number")
    }
    guard case .integer(1001) = try next().1 else { throw failure("its protocol is not 1001") }
    // The system that wrote the file does not matter: elements are always little-endian.
    _ = try next()
    let (interpreter, value) = try next()
    let (list, keyList) = try next()
    guard case .list(let place) = keyList else {
      throw failure("its list of storages is \(keyList.kind)")
    }
    var types: [String: ElementType] = [:]
    for tensor in interpreter.tensors {
      types[tensor.storage.key] = tensor.storage.elementType ?? .uint8
    }
    var places: Places = [:]
    for key in list.elements(place) {
      guard case .text(let key) = key else { throw failure("a storage's key is \(key.kind)") }
      guard let count = file.integer(at: start, as: UInt64.self) else {
        throw failure("it ends before storage '\(key.quotable())'")
      }
      // The type of a storage that no tensor uses is unknown, so the elements after it cannot be located.
      guard let type = types[key] else {
        throw failure("storage '\(key.quotable())' belongs to no tensor")
      }
      guard count <= UInt64(file.count), file.holds(Int(count) * type.byteCount, at: start + 8)
      else {
        throw failure(
          "storage '\(key.quotable())' of \(count) elements at byte \(start) reaches past the end")
      }
      let end = start + 8 + Int(count) * type.byteCount
      guard places.updateValue(start + 8..<end, forKey: key) == nil else {
        throw failure("storage '\(key.quotable())' occurs twice")
      }
      start = end
    }
    return try dictionary(
      value, interpreter, places, isBigEndian: false, file: file, format: .torchLegacy)
  }

  // MARK: From the pickle to tensors

  /// Keys under which training scripts save the weights, next to epoch and optimizer.
  private static let wrappers = [
    "state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params",
    "teacher", "student", "encoder", "backbone",
  ]

  private static func dictionary(
    _ value: PickleValue, _ interpreter: PickleInterpreter, _ places: Places, isBigEndian: Bool,
    file: MappedFile, format: StateDictionary.Format
  ) throws -> StateDictionary {
    var metadata: [String: String] = [:]
    var value = value
    for _ in 0..<4 {
      guard case .dictionary(let place) = value else { break }
      let pairs = interpreter.pairs(place)
      var stored: [StoredTensor] = []
      var inner: [String: PickleValue] = [:]
      var objects: [(name: String, value: PickleValue)] = []
      for (key, value) in pairs {
        guard case .text(let name) = key else { continue }
        switch value {
        case .tensor(let index):
          stored.append(
            try tensor(name, interpreter.tensors[index], places, isBigEndian, file))
        case .dictionary(let place) where !interpreter.elements(place).isEmpty:
          inner[name] = value
        case .object: objects.append((name, value))
        default: if let text = value.plainText { metadata[name] = text }
        }
      }
      if let wrapper = wrappers.first(where: { inner[$0] != nil }), let next = inner[wrapper],
        stored.isEmpty || !stored.contains(where: { $0.name.contains(".") })
      {
        value = next
        continue
      }
      // An object among weights may be a tensor of an unknown class.
      if let object = objects.first(where: { $0.name.contains(".") }), !stored.isEmpty {
        throw CheckpointError(
          .unsupported, file: file.name,
          "'\(object.name.quotable())' is \(object.value.kind), expected a tensor")
      }
      guard stored.isEmpty else {
        return StateDictionary(stored, source: file.name, format: format, metadata: metadata)
      }
      let keys = pairs.prefix(6).compactMap { $0.key.plainText?.quotable(limit: 40) }
      throw CheckpointError(
        .unsupported, file: file.name,
        pairs.isEmpty
          ? "contains an empty dictionary, expected weights"
          : "contains no named tensors; its keys are \(keys.joined(separator: ", "))")
    }
    var remedy = ""
    if case .object = value { remedy = "; save model.state_dict() instead of the model" }
    throw CheckpointError(
      .unsupported, file: file.name,
      "contains \(value.kind), expected a state dictionary" + remedy)
  }

  private static func tensor(
    _ name: String, _ tensor: PickleTensor, _ places: Places, _ isBigEndian: Bool,
    _ file: MappedFile
  ) throws -> StoredTensor {
    let storage = tensor.storage
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "tensor '\(name.quotable())' \(text)")
    }
    guard let range = places[storage.key] else {
      throw failure("has no storage '\(storage.key.quotable())'")
    }
    guard tensor.views.isEmpty else {
      throw CheckpointError(
        .unsupported, file: file.name,
        "tensor '\(name.quotable())' is a lazy view of its elements (\(tensor.views.joined(separator: ", "))); "
          + "save it after .resolve_neg() and .resolve_conj()")
    }
    let width = storage.elementType?.byteCount ?? 1
    let (end, overflow) = storage.offset.addingReportingOverflow(storage.count)
    guard !overflow, end <= range.count / width else {
      throw failure("claims \(storage.count) elements of a storage of \(range.count / width)")
    }
    let first = range.lowerBound + storage.offset * width
    return try StoredTensor(
      name: name, shape: tensor.shape, elementType: tensor.elementType, file: file,
      storage: first..<first + storage.count * width, offset: tensor.offset,
      strides: tensor.strides, isBigEndian: isBigEndian)
  }
}
