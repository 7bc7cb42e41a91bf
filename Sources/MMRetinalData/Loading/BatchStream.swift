import FundusTensor

/// A stream of prefetched batches, in the order of the steps.
///
/// Threads start with the stream and end when the last batch was loaded, when ``cancel()`` is called, or
/// when the stream is released.
public final class BatchStream: Sendable {
  private let plan: PairPlan
  private let loader: OrderedLoader<PairPlan>

  init(loader: PairLoader, epoch: Int, step: Int, lastEpoch: Int?) {
    precondition(step >= 0, "step \(step)")
    plan = PairPlan(loader: loader, lastEpoch: lastEpoch)
    // A step past the end is in a later epoch.
    self.loader = OrderedLoader(
      plan, startingAt: epoch * loader.stepsPerEpoch + step, threads: loader.options.threads,
      prefetch: loader.options.prefetch)
  }

  /// The next batch, waiting for it if necessary; nil after the last epoch.
  /// - Throws: ``LoadingError`` for an unusable image of this batch, naming the file. The stream has ended
  ///   then.
  public func next() throws -> LoadedBatch? { try loader.next() }

  /// Stops the threads, and waits for their current images.
  public func cancel() { loader.cancel() }

  /// The unusable images so far, each once, sorted by path.
  public var skipped: [SkippedImage] {
    plan.skips.withLock { $0.images.values.sorted { $0.id < $1.id } }
  }

  /// The number of times that an unusable image was replaced.
  public var skippedCount: Int { plan.skips.withLock { $0.count } }

  /// The time in seconds that callers of ``next()`` have waited for loading.
  public var secondsWaited: Double { loader.secondsWaited }
}

/// The steps of all epochs in sequence.
private final class PairPlan: LoadingPlan {
  struct Skips {
    var images: [String: SkippedImage] = [:]
    var count = 0
  }

  let skips = Guarded(Skips())
  private let loader: PairLoader
  private let stepsPerEpoch: Int
  private let lastEpoch: Int?

  init(loader: PairLoader, lastEpoch: Int?) {
    (self.loader, self.lastEpoch) = (loader, lastEpoch)
    stepsPerEpoch = loader.stepsPerEpoch
  }

  private func place(_ step: Int) -> (epoch: Int, step: Int) {
    (step / stepsPerEpoch, step % stepsPerEpoch)
  }

  func draws(step: Int) -> [SampleDraw]? {
    let place = place(step)
    if let lastEpoch, place.epoch > lastEpoch { return nil }
    return loader.draws(epoch: place.epoch, step: place.step)
  }

  func load(_ draw: SampleDraw, step: Int) throws -> PairLoader.Image {
    let place = place(step)
    return try loader.image(for: draw, epoch: place.epoch, step: place.step) { image in
      skips.withLock {
        $0.images[image.id] = image
        $0.count += 1
      }
    }
  }

  func collate(
    _ images: [PairLoader.Image], draws: [SampleDraw], step: Int
  ) throws -> LoadedBatch {
    let place = place(step)
    return try loader.collate(images, draws: draws, epoch: place.epoch, step: place.step)
  }
}
