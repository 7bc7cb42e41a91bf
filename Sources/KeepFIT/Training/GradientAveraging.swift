/// Averages gradients over ranks in buckets, overlapped with the backward pass.
///
/// Gradients become ready in about the reverse order of the parameters, so buckets are filled from the end.
/// A bucket is reduced when all of its gradients are ready and the previous buckets have been started, which
/// makes the order of communication the same on every rank.
package final class GradientAveraging {
  private let communicator: any Communicator
  private let buckets: [[Parameter]]
  private var bucketOf: [ObjectIdentifier: Int] = [:]
  private var missing: [Int] = []
  private var next = 0
  private var inFlight: [(bucket: Int, request: any CommunicationRequest)] = []
  private let overlaps: Bool

  /// - Parameters:
  ///   - overlaps: false if a parameter's gradient may arrive in several parts (recomputation,
  ///     accumulation); then all buckets are reduced in ``finish()``.
  ///   - bucketElements: the approximate number of elements per bucket (6 Mi elements are 25 MB).
  package init(
    _ parameters: [Parameter], communicator: any Communicator, overlaps: Bool,
    bucketElements: Int = 6 << 20
  ) {
    self.communicator = communicator
    self.overlaps = overlaps
    var buckets: [[Parameter]] = []
    var size = 0
    for parameter in parameters.reversed() where parameter.isTrainable {
      if buckets.isEmpty || size + parameter.value.count > bucketElements {
        buckets.append([])
        size = 0
      }
      buckets[buckets.count - 1].append(parameter)
      size += parameter.value.count
    }
    self.buckets = buckets
    for (index, bucket) in buckets.enumerated() {
      for parameter in bucket { bucketOf[ObjectIdentifier(parameter)] = index }
    }
    guard communicator.size > 1, overlaps else { return }
    for bucket in buckets {
      for parameter in bucket { parameter.onGradient = { [weak self] in self?.arrived($0) } }
    }
  }

  /// Call before each backward pass.
  package func start() {
    missing = buckets.map(\.count)
    next = 0
  }

  private func arrived(_ parameter: Parameter) {
    guard let bucket = bucketOf[ObjectIdentifier(parameter)] else { return }
    missing[bucket] -= 1
    while next < buckets.count, missing[next] == 0 { send() }
  }

  private func send() {
    // A parameter without a gradient has none on any rank, since the tape is the same on all ranks.
    let gradients = buckets[next].compactMap { $0.gradient?.reshaped([-1]) }
    if !gradients.isEmpty {
      inFlight.append((next, communicator.startSum(.concatenated(gradients))))
    }
    next += 1
  }

  /// Waits until every gradient is the mean over the ranks.
  package func finish() {
    guard communicator.size > 1 else { return }
    while next < buckets.count { send() }
    let scale = 1 / Float(communicator.size)
    for (bucket, request) in inFlight {
      let mean = request.wait().scaled(by: scale)
      var start = 0
      for parameter in buckets[bucket] {
        guard let gradient = parameter.gradient else { continue }
        parameter.gradient = mean.sliced(start..<start + gradient.count).reshaped(gradient.shape)
        start += gradient.count
      }
    }
    inFlight.removeAll()
  }
}
