/// A tensor that belongs to a model and is saved with it, but is not trained: running statistics. Any
/// number of threads may read it while one changes it.
public final class Buffer: Sendable {
  private let content: Guarded<(value: Tensor, version: Int)>

  /// The current value.
  public var value: Tensor {
    get { content.withLock { $0.value } }
    set {
      content.withLock {
        precondition(newValue.shape == $0.value.shape, "a buffer keeps its shape")
        $0 = (newValue.detached, $0.version &+ 1)
      }
    }
  }
  /// Incremented with every change of ``value``.
  public var version: Int { content.withLock { $0.version } }

  /// A buffer that starts with `value`.
  public init(_ value: Tensor) { content = Guarded((value.detached, 0)) }
}

/// A part of a model: parameters, buffers and submodules, under the names that PyTorch checkpoints use.
///
/// A class with layers or parameters as stored properties only needs to declare conformance: their names are
/// those of the properties, and none can be omitted.
///
///     final class Block: Layer {
///       let first = Linear(inputs: 4, outputs: 8)
///       let second = Linear(inputs: 8, outputs: 2)
///       func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
///         second(first(x, mode: mode).relu(), mode: mode)
///       }
///     }
public protocol Module: AnyObject, CustomStringConvertible {
  /// Names every parameter, buffer and child, in the order of the checkpoint.
  func visit(_ state: inout StateVisitor)
}

/// The execution mode of a layer: training or inference.
public enum ExecutionMode: Sendable {
  /// No dropout; batch norm uses its running statistics; parameters count as constants, so that nothing
  /// is recorded for gradients unless the input itself requires one.
  case inference
  /// Dropout uses the stream; batch norm uses batch statistics and updates its running statistics.
  case training(RandomStream)

  /// Whether this is ``training(_:)``.
  public var isTraining: Bool {
    if case .training = self { return true }
    return false
  }

  /// The mode for a submodule: the same, with its own random stream.
  public func derived(_ name: UInt64) -> ExecutionMode {
    switch self {
    case .inference: .inference
    case .training(let stream): .training(stream.derived(name))
    }
  }
}

/// One named tensor of a model's state.
public struct StateEntry: Sendable {
  /// The memory layout of the tensor, compared to the file.
  public enum Layout: Sendable {
    /// As in the file.
    case asIs
    /// `[KH, KW, C_in, C_out]` in memory, `[C_out, C_in, KH, KW]` in the file.
    case convolution
  }

  enum Content: Sendable {
    case parameter(Parameter)
    case buffer(Buffer)
  }

  /// The name in a checkpoint, for example `layer1.0.conv1.weight`.
  public let name: String
  let content: Content
  let layout: Layout

  /// The parameter, when the entry is one.
  public var parameter: Parameter? {
    if case .parameter(let parameter) = content { return parameter }
    return nil
  }

  /// The buffer, when the entry is one.
  public var buffer: Buffer? {
    if case .buffer(let buffer) = content { return buffer }
    return nil
  }

  private var value: Tensor {
    switch content {
    case .parameter(let parameter): parameter.value
    case .buffer(let buffer): buffer.value
    }
  }

  /// The shape that the file has for this entry.
  public var fileShape: [Int] {
    let shape = value.shape
    return layout == .convolution ? [shape[3], shape[2], shape[0], shape[1]] : shape
  }

  /// The value as it is written to a file.
  public var exported: Tensor {
    layout == .convolution ? value.transposed([3, 2, 0, 1]) : value
  }

  /// Assigns a value that was read from a file.
  /// - Precondition: its shape is ``fileShape``.
  public func load(_ tensor: Tensor) {
    precondition(tensor.shape == fileShape, "\(name) takes \(fileShape), not \(tensor.shape)")
    let value = layout == .convolution ? tensor.transposed([2, 3, 1, 0]) : tensor
    switch content {
    case .parameter(let parameter): parameter.value = value
    case .buffer(let buffer): buffer.value = value
    }
  }
}

extension Module {
  /// Every parameter and buffer by its name in a checkpoint.
  public func stateEntries() -> [StateEntry] {
    var visitor = StateVisitor()
    visit(&visitor)
    return visitor.entries
  }

  /// Every parameter by its name in a checkpoint, each once: a tied one has its first name.
  public var parameters: [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    return stateEntries().compactMap { entry in
      guard let parameter = entry.parameter, seen.insert(entry.identity).inserted else {
        return nil
      }
      return (entry.name, parameter)
    }
  }
}
