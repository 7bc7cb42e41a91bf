/// Collects the named state of a module and its children.
public struct StateVisitor {
  private var prefix = ""
  private(set) var entries: [StateEntry] = []
  /// The types of the modules by the prefix of their names, and these prefixes in order.
  private(set) var types: [String: String] = [:]
  private(set) var order: [String] = []
  /// Whether to look at stored properties even where a module names its state itself.
  private let reflectsAll: Bool
  private var open: Set<ObjectIdentifier> = []

  init(reflectsAll: Bool = false) { self.reflectsAll = reflectsAll }

  /// Names a parameter.
  public mutating func parameter(
    _ name: String, _ parameter: Parameter, layout: StateEntry.Layout = .asIs
  ) {
    entries.append(StateEntry(name: prefix + name, content: .parameter(parameter), layout: layout))
  }

  /// Names a buffer.
  public mutating func buffer(_ name: String, _ buffer: Buffer) {
    entries.append(StateEntry(name: prefix + name, content: .buffer(buffer), layout: .asIs))
  }

  /// Descends into a part whose names begin with `name` and a dot.
  public mutating func child(_ name: String, _ module: some Module) {
    let outer = prefix
    prefix += name + "."
    types[prefix] = String(describing: type(of: module))
    order.append(prefix)
    // A part that refers back to what holds it has been named already.
    if open.insert(ObjectIdentifier(module)).inserted {
      if reflectsAll { reflectProperties(of: module) } else { module.visit(&self) }
      open.remove(ObjectIdentifier(module))
    }
    prefix = outer
  }

  /// Names what the stored properties of a module hold, superclasses first.
  mutating func reflectProperties(of module: any Module) {
    var classes = [Mirror(reflecting: module)]
    while let next = classes[classes.count - 1].superclassMirror { classes.append(next) }
    for mirror in classes.reversed() {
      for (label, value) in mirror.children { reflect(label ?? "", value) }
    }
  }

  private mutating func reflect(_ label: String, _ value: Any) {
    let lazyPrefix = "$__lazy_storage_$_"
    let name = label.hasPrefix(lazyPrefix) ? String(label.dropFirst(lazyPrefix.count)) : label
    switch value {
    case let parameter as Parameter: self.parameter(name, parameter)
    case let buffer as Buffer: self.buffer(name, buffer)
    case let module as any Module: child(name, module)
    default: reflectMembers(of: value, name)
    }
  }

  /// The members of an array, optional, dictionary, tuple, structure or enumeration. Classes that are no
  /// modules own their contents.
  private mutating func reflectMembers(of value: Any, _ name: String) {
    if Self.isPlain(value) { return }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      for child in mirror.children { reflect(name, child.value) }
    case .collection:
      if let first = mirror.children.first, Self.isPlain(first.value) { return }
      for (index, child) in mirror.children.enumerated() {
        reflect("\(name).\(index)", child.value)
      }
    case .dictionary:
      let members = mirror.children.compactMap { child -> (key: String, value: Any)? in
        let pair = Array(Mirror(reflecting: child.value).children)
        return pair.count == 2 ? ("\(pair[0].value)", pair[1].value) : nil
      }
      for member in members.sorted(by: { $0.key < $1.key }) {
        reflect("\(name).\(member.key)", member.value)
      }
    case .tuple, .struct, .enum:
      for (label, child) in mirror.children {
        let member = (label ?? "").hasPrefix(".") ? String((label ?? "").dropFirst()) : label ?? ""
        reflect("\(name).\(member)", child)
      }
    default:
      break
    }
  }

  /// Whether a value cannot hold state, so that it need not be looked into.
  private static func isPlain(_ value: Any) -> Bool {
    value is any Numeric || value is String || value is Bool || value is Tensor
      || value is any RangeExpression
  }
}
