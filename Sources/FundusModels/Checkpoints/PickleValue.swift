/// A value in the pickle of a state dictionary. Containers are stored in the interpreter's arena and referenced
/// by index, so that deep or circular nesting in a file does not become nesting in memory.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case longInteger([UInt8])
  case real(Double)
  case text(String)
  case bytes([UInt8])
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(PickleStorage)
  case tensor(Int)
  case elementType(ElementType)
  case device(String)
  /// An object of a class that is not known here, of which nothing but the name of the class is kept.
  case object(String)

  /// The kind of value, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a Boolean"
    case .integer, .longInteger: "an integer"
    case .real: "a number"
    case .text: "a string"
    case .bytes: "bytes"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .global: "a class or function"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .elementType: "an element type"
    case .device: "a device"
    case .object(let name): "an object of '\(name)'"
    }
  }

  /// A short text of a plain value, for metadata.
  var plainText: String? {
    switch self {
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .real(let value): String(value)
    case .text(let text): text
    case .device(let name): name
    case .elementType(let type): type.rawValue
    default: nil
    }
  }
}

/// The storage of a tensor's elements.
struct PickleStorage {
  let key: String
  /// The element type; nil for an untyped storage, whose size is in bytes.
  let elementType: ElementType?
  let count: Int
  /// The offset of this view in the storage, in elements (legacy files only).
  var offset = 0
}

/// A tensor as described in the pickle.
struct PickleTensor {
  let storage: PickleStorage
  let elementType: ElementType
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  /// Lazy operations on the stored elements (`neg`, `conj`).
  let views: [String]
}

/// The classes and functions that a state dictionary may reference. All others are refused, and these are
/// implemented here: nothing in a file is ever executed.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case counter
  case set
  case size
  case device
  case encode
  case rebuildTensor
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  case rebuildParameterWithState
  case rebuildFromType
  case tensorClass
  case parameterClass
  case storage(ElementType?)
  case elementType(ElementType)
  /// A class or function of a training program, such as `argparse.Namespace`. What it would make is kept as
  /// ``PickleValue/object(_:)``.
  case opaque(String)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("collections", "Counter"): self = .counter
    case ("builtins", "set"), ("__builtin__", "set"): self = .set
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("_codecs", "encode"): self = .encode
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch._utils", "_rebuild_parameter_with_state"): self = .rebuildParameterWithState
    case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
    case ("torch", "Tensor"), ("torch._tensor", "Tensor"): self = .tensorClass
    case ("torch.nn.parameter", "Parameter"): self = .parameterClass
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage(nil)
    case ("torch", _), ("torch.cuda", _):
      if name.hasSuffix("Storage"), let type = Self.storages[name] {
        self = .storage(type)
      } else if module == "torch", let type = Self.elementTypes[name] {
        self = .elementType(type)
      } else {
        return nil
      }
    default:
      guard Self.isData(module: module, name: name) else { return nil }
      self = .opaque("\(module).\(name)".quotable())
    }
  }

  /// Whether a global may be data of a training program: configurations, numbers, states of optimizers and callbacks.
  ///
  /// Nothing is executed in either case. Modules with which a pickle attacks its reader are refused to raise an
  /// alarm, and those of PyTorch that rebuild tensors, because a tensor must not be missed.
  private static func isData(module: String, name: String) -> Bool {
    let parts = module.split(separator: ".").map(String.init)
    guard let package = parts.first, !name.isEmpty, !name.contains(".") else { return false }
    switch package {
    case "builtins", "__builtin__": return harmlessBuiltins.contains(name)
    case "types": return name == "SimpleNamespace"
    case "torch": return parts.count > 1 && ["optim", "nn", "amp"].contains(parts[1])
    default: return !suspectPackages.contains(package)
    }
  }

  private static let harmlessBuiltins: Set<String> = [
    "dict", "list", "tuple", "frozenset", "int", "float", "complex", "str", "bytes", "bytearray",
    "bool", "object", "range", "slice",
  ]

  private static let suspectPackages: Set<String> = [
    "os", "posix", "nt", "ntpath", "posixpath", "sys", "subprocess", "commands", "pty", "popen2",
    "shutil", "socket", "ssl", "ctypes", "_ctypes", "importlib", "imp", "runpy", "pickle",
    "_pickle",
    "cPickle", "marshal", "dill", "cloudpickle", "joblib", "code", "codeop", "pdb", "bdb", "timeit",
    "operator", "_operator", "functools", "itertools", "inspect", "webbrowser", "platform",
    "multiprocessing", "threading", "_thread", "asyncio", "concurrent", "signal", "tempfile", "io",
    "_io", "zipimport", "pkgutil", "site", "pip", "setuptools", "distutils", "http", "urllib",
    "urllib2", "requests", "smtplib", "ftplib", "telnetlib", "sqlite3", "builtin", "nturl2path",
  ]

  private static let storages: [String: ElementType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  private static let elementTypes: [String: ElementType] = [
    "float64": .float64, "double": .float64, "float32": .float32, "float": .float32,
    "float16": .float16, "half": .float16, "bfloat16": .bfloat16, "int64": .int64, "long": .int64,
    "int32": .int32, "int": .int32, "int16": .int16, "short": .int16, "int8": .int8,
    "uint8": .uint8, "uint16": .uint16, "uint32": .uint32, "uint64": .uint64, "bool": .bool,
  ]
}
