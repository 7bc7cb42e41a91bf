extension Tensor {
  /// A tensor that the caller is going to write whole before anybody reads it.
  package static func unwritten(_ shape: [Int]) -> Tensor { Tensor(uninitialized: shape) }
}
