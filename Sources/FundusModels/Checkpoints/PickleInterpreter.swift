/// A restricted interpreter of the pickle opcodes in state dictionaries (protocols 0 to 5 of Python's
/// `pickletools`).
///
/// It builds plain values only. What other classes and functions would make is kept as a name
/// (``PickleValue/object(_:)``); those with which pickles attack their readers, and opcodes that would import
/// anything, are refused. Nothing is ever executed. Every opcode takes at least one byte and creates at most
/// one value, so memory is bounded by the file size.
struct PickleInterpreter {
  /// The maximum number of opcodes; a state dictionary needs about 25 per tensor.
  static let maximumOpcodes = 5_000_000

  var reader: ByteReader
  var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  /// Elements of tuples and lists; of dictionaries: key, value, key, value.
  private(set) var arena: [[PickleValue]] = []
  private(set) var tensors: [PickleTensor] = []

  /// The number of elements that globals may still copy, so that a small file cannot allocate much memory by
  /// repeatedly copying a long list.
  private var budget: Int

  init(_ reader: ByteReader) {
    self.reader = reader
    budget = reader.remaining
  }

  mutating func spend(_ elements: Int) throws {
    budget -= elements
    guard budget >= 0 else { throw malformed("it copies more elements than it has bytes") }
  }

  func malformed(_ text: String) -> CheckpointError {
    CheckpointError(
      .malformed, file: reader.file.name, "as a pickle: \(text), before byte \(reader.position)")
  }

  /// The elements of a tuple or list, or of a dictionary as key, value, key, value.
  func elements(_ place: Int) -> [PickleValue] { arena[place] }

  /// The pairs of a dictionary; the last one of equal string keys, as in Python.
  func pairs(_ place: Int) -> [(key: PickleValue, value: PickleValue)] {
    let items = arena[place]
    return stride(from: 0, to: items.count - 1, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  mutating func store(_ values: [PickleValue]) -> Int {
    arena.append(values)
    return arena.count - 1
  }

  mutating func store(_ tensor: PickleTensor) -> PickleValue {
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw malformed("a value is missing from the stack")
    }
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast(), mark <= stack.count else {
      throw malformed("a mark is missing from the stack")
    }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw malformed("a value is missing from the stack")
    }
    return value
  }

  private mutating func remember(_ place: some BinaryInteger) throws {
    memo[Int(place)] = try top()
  }

  private mutating func recall(_ place: some BinaryInteger) throws {
    guard let value = memo[Int(place)] else {
      throw malformed("memo \(place) is used but was never set")
    }
    stack.append(value)
  }

  private mutating func append(_ values: [PickleValue]) throws {
    if case .object = try top() { return }
    guard case .list(let place) = try top() else {
      throw malformed("elements are appended to \(try top().kind)")
    }
    arena[place] += values
  }

  private mutating func set(_ items: [PickleValue]) throws {
    if case .object = try top() { return }
    guard case .dictionary(let place) = try top() else {
      throw malformed("items are set in \(try top().kind)")
    }
    guard items.count % 2 == 0 else { throw malformed("a key without a value") }
    arena[place] += items
  }

  private mutating func pushTuple(_ count: Int) throws {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    stack.append(.tuple(store(values.reversed())))
  }

  private mutating func pushGlobal(module: String, name: String) throws {
    guard let global = PickleGlobal(module: module, name: name) else {
      let full = "\(module).\(name)".quotable()
      throw CheckpointError(
        .refused(global: full), file: reader.file.name,
        "references '\(full)', which checkpoints do not need; it was refused and nothing was executed"
      )
    }
    if case .elementType(let type) = global {
      stack.append(.elementType(type))
    } else {
      stack.append(.global(global))
    }
  }

  private mutating func decimal(_ text: String) throws -> PickleValue {
    guard let value = Int(text) else { throw malformed("'\(text.quotable())' is not an integer") }
    return .integer(value)
  }

  private mutating func longInteger(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .longInteger(bytes) }
    var bits: UInt64 = (bytes.last ?? 0) & 0x80 != 0 ? .max : 0
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    return .integer(Int(bitPattern: UInt(bits)))
  }

  /// Runs to the STOP opcode and returns the remaining value.
  mutating func run() throws -> PickleValue {
    stack = []
    marks = []
    memo = [:]
    for _ in 0..<Self.maximumOpcodes {
      let code = try reader.byte()
      switch code {
      case UInt8(ascii: "."): return try pop()
      case 0x80:
        let version = try reader.byte()
        guard version <= 5 else { throw malformed("protocol \(version) is unknown") }
      case 0x95: _ = try reader.integer(UInt64.self)  // The length of a frame, not needed.
      case UInt8(ascii: "("): marks.append(stack.count)
      case UInt8(ascii: "0"): _ = try pop()
      case UInt8(ascii: "1"): _ = try popToMark()
      case UInt8(ascii: "2"): stack.append(try top())
      case UInt8(ascii: "N"): stack.append(.none)
      case 0x88: stack.append(.bool(true))
      case 0x89: stack.append(.bool(false))
      case UInt8(ascii: "I"):
        let text = try reader.line()
        stack.append(text == "00" ? .bool(false) : text == "01" ? .bool(true) : try decimal(text))
      case UInt8(ascii: "L"):
        let text = try reader.line()
        stack.append(try decimal(text.hasSuffix("L") ? String(text.dropLast()) : text))
      case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
      case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.byte())))
      case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
      case 0x8A: stack.append(longInteger(try reader.bytes(reader.byte())))
      case 0x8B: stack.append(longInteger(try reader.bytes(reader.integer(Int32.self))))
      case UInt8(ascii: "F"):
        let text = try reader.line()
        guard let value = Double(text) else {
          throw malformed("'\(text.quotable())' is not a number")
        }
        stack.append(.real(value))
      case UInt8(ascii: "G"):
        stack.append(.real(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))
      case UInt8(ascii: "V"): stack.append(.text(try reader.line()))
      case UInt8(ascii: "X"): stack.append(.text(try reader.text(reader.integer(UInt32.self))))
      case 0x8C: stack.append(.text(try reader.text(reader.byte())))
      case 0x8D: stack.append(.text(try reader.text(reader.integer(UInt64.self))))
      // Python 2 wrote names as byte strings.
      case UInt8(ascii: "T"): stack.append(.text(try reader.text(reader.integer(Int32.self))))
      case UInt8(ascii: "U"): stack.append(.text(try reader.text(reader.byte())))
      case UInt8(ascii: "B"): stack.append(.bytes(try reader.bytes(reader.integer(UInt32.self))))
      case UInt8(ascii: "C"): stack.append(.bytes(try reader.bytes(reader.byte())))
      case 0x8E, 0x96: stack.append(.bytes(try reader.bytes(reader.integer(UInt64.self))))
      case UInt8(ascii: "]"), 0x8F: stack.append(.list(store([])))
      case UInt8(ascii: "l"), 0x91: stack.append(.list(store(try popToMark())))
      case UInt8(ascii: "a"):
        let value = try pop()
        try append([value])
      case UInt8(ascii: "e"), 0x90: try append(try popToMark())
      case UInt8(ascii: ")"): stack.append(.tuple(store([])))
      case UInt8(ascii: "t"): stack.append(.tuple(store(try popToMark())))
      case 0x85, 0x86, 0x87: try pushTuple(Int(code) - 0x84)
      case UInt8(ascii: "}"): stack.append(.dictionary(store([])))
      case UInt8(ascii: "d"):
        let items = try popToMark()
        stack.append(.dictionary(store([])))
        try set(items)
      case UInt8(ascii: "s"):
        let value = try pop()
        let key = try pop()
        try set([key, value])
      case UInt8(ascii: "u"): try set(try popToMark())
      case UInt8(ascii: "p"):
        guard let place = Int(try reader.line()) else { throw malformed("a memo without a number") }
        try remember(place)
      case UInt8(ascii: "q"): try remember(reader.byte())
      case UInt8(ascii: "r"): try remember(reader.integer(UInt32.self))
      case 0x94: try remember(memo.count)
      case UInt8(ascii: "g"):
        guard let place = Int(try reader.line()) else { throw malformed("a memo without a number") }
        try recall(place)
      case UInt8(ascii: "h"): try recall(reader.byte())
      case UInt8(ascii: "j"): try recall(reader.integer(UInt32.self))
      case UInt8(ascii: "c"):
        let module = try reader.line()
        try pushGlobal(module: module, name: try reader.line())
      case 0x93:
        guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
          throw malformed("a global whose name is not a string")
        }
        try pushGlobal(module: module, name: name)
      case UInt8(ascii: "i"):
        // INST names its class in the stream: refuse it by name, even if it is harmless.
        let module = try reader.line()
        try pushGlobal(module: module, name: try reader.line())
        throw unknown(code)
      case UInt8(ascii: "R"), 0x81:
        let arguments = try pop()
        let callee = try pop()
        stack.append(try apply(callee, to: arguments))
      case 0x92:  // NEWOBJ_EX, with named arguments
        let named = try pop()
        let arguments = try pop()
        let callee = try pop()
        guard case .global(.opaque) = callee, case .dictionary = named else {
          throw malformed("\(callee.kind) is called with named arguments")
        }
        stack.append(try apply(callee, to: arguments))
      case UInt8(ascii: "b"): try build(with: pop())
      case UInt8(ascii: "Q"): stack.append(.storage(try persistentStorage(pop())))
      default: throw unknown(code)
      }
    }
    throw malformed("it has more than \(Self.maximumOpcodes) opcodes")
  }

  private func unknown(_ code: UInt8) -> CheckpointError {
    CheckpointError(
      .unsupported, file: reader.file.name,
      "the pickle uses opcode 0x\(String(code, radix: 16)) at byte \(reader.position - 1), "
        + "which checkpoints do not need")
  }
}
