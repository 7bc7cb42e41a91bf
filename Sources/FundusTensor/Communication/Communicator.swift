/// Processes that train one model together.
///
/// Every rank calls the same operations in the same order. A failure of another rank ends the process with a
/// message (``abort(_:)``): training can only be resumed from the last checkpoint.
public protocol Communicator: AnyObject, Sendable {
  /// This process among all, from 0.
  var rank: Int { get }
  /// The number of processes.
  var size: Int { get }

  /// Starts the sum of `tensor` over all ranks, elementwise.
  func startSum(_ tensor: Tensor) -> any CommunicationRequest
  /// The tensors of all ranks, concatenated along the first axis. Shapes must agree.
  func gather(_ tensor: Tensor) -> Tensor
  /// The maximum of a number over all ranks. Exact for integers up to 2^24.
  func maximum(_ value: Float) -> Float
  /// The tensor of rank 0, broadcast to all ranks.
  func broadcast(_ tensor: Tensor) -> Tensor
  /// Waits for all ranks.
  func barrier()
  /// Aborts all ranks with an error.
  func abort(_ message: String) -> Never
}

/// A communication in progress.
public protocol CommunicationRequest {
  /// Waits for the result.
  func wait() -> Tensor
}

/// A single process.
public final class SingleProcess: Communicator {
  public let rank = 0
  public let size = 1

  /// The only process.
  public init() {}

  private struct Done: CommunicationRequest {
    let tensor: Tensor
    func wait() -> Tensor { tensor }
  }

  public func startSum(_ tensor: Tensor) -> any CommunicationRequest { Done(tensor: tensor) }
  public func gather(_ tensor: Tensor) -> Tensor { tensor }
  public func maximum(_ value: Float) -> Float { value }
  public func broadcast(_ tensor: Tensor) -> Tensor { tensor }
  public func barrier() {}
  public func abort(_ message: String) -> Never { fatalError(message) }
}

extension Communicator {
  /// The tensors of all ranks along the first axis, as part of the tape.
  ///
  /// Every rank then computes the same global loss, so the gradient of its own part is complete
  /// where it is. It is multiplied by the number of ranks because gradients of parameters are
  /// averaged over ranks afterwards: parts that every rank computes in full (the temperature, the
  /// attention) come out right by the average, and the encoders' shares by this factor.
  public func gatherWithGradients(_ tensor: Tensor) -> Tensor {
    guard size > 1 else { return tensor }
    let (rank, size, rows) = (rank, size, tensor.shape[0])
    return gather(tensor.detached).recording(tensor) { gradient in
      [gradient.sliced(rank * rows..<(rank + 1) * rows).scaled(by: Float(size))]
    }
  }
}
