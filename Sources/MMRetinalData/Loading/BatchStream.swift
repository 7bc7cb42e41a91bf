import Foundation
import FundusTensor

/// Batches that are loaded ahead, in the order of the steps.
///
/// Threads start with the stream and end with it: when the last batch was loaded, when ``cancel()`` is
/// called, or when nobody holds the stream any more.
public final class BatchStream: Sendable {
  private let work: LoadingWork

  init(loader: PairLoader, epoch: Int, step: Int, lastEpoch: Int?) {
    let work = LoadingWork(loader: loader, epoch: epoch, step: step, lastEpoch: lastEpoch)
    self.work = work
    for number in 0..<loader.options.threads {
      // The threads hold the work, not the stream, so that it can go away.
      let thread = Thread {
        ThreadPool.leave()
        work.run()
      }
      thread.name = "keepfit.loader.\(number)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  deinit { work.cancel() }

  /// The next batch, waiting for it if need be; nil after the last epoch.
  /// - Throws: ``LoadingError`` for a picture of this batch that cannot be used, with its file's name.
  ///   The stream is over then.
  public func next() throws -> LoadedBatch? { try work.next() }

  /// Ends the threads, waiting for the pictures that they are at.
  public func cancel() {
    work.cancel()
    work.waitForThreads()
  }

  /// The pictures that could not be used so far, each once, sorted by path.
  public var skipped: [SkippedImage] { work.skippedImages }

  /// How often a picture that could not be used was replaced.
  public var skippedCount: Int { work.skippedCount }

  /// The seconds that callers of ``next()`` have waited: what the engine lost to loading.
  public var secondsWaited: Double { work.secondsWaited }
}

/// What the threads of a stream share. All that changes is guarded by `condition`.
private final class LoadingWork: @unchecked Sendable {
  /// A batch that is under way or done.
  private final class Slot {
    let epoch: Int
    let step: Int
    let draws: [SampleDraw]
    var pictures: [Result<PairLoader.PreparedPicture, any Error>?]
    var started = 0
    var finished = 0
    var result: Result<LoadedBatch, any Error>?

    init(epoch: Int, step: Int, draws: [SampleDraw]) {
      self.epoch = epoch
      self.step = step
      self.draws = draws
      pictures = Array(repeating: nil, count: draws.count)
    }
  }

  private let loader: PairLoader
  private let stepsPerEpoch: Int
  private let lastEpoch: Int?
  private let condition = NSCondition()
  private var epoch: Int
  private var step: Int
  private var slots: [Slot] = []
  private var isOver = false
  private var threads: Int
  private var skipped: [String: SkippedImage] = [:]
  private var skips = 0
  private var waited = 0.0

  init(loader: PairLoader, epoch: Int, step: Int, lastEpoch: Int?) {
    self.loader = loader
    stepsPerEpoch = loader.stepsPerEpoch
    precondition(step >= 0, "step \(step)")
    // A step past the end means the start of a later epoch.
    self.epoch = epoch + step / stepsPerEpoch
    self.step = step % stepsPerEpoch
    self.lastEpoch = lastEpoch
    threads = loader.options.threads
  }

  var skippedImages: [SkippedImage] {
    condition.withLock { skipped.values.sorted { $0.id < $1.id } }
  }
  var skippedCount: Int { condition.withLock { skips } }
  var secondsWaited: Double { condition.withLock { waited } }

  func cancel() {
    condition.withLock {
      isOver = true
      slots = []
      condition.broadcast()
    }
  }

  func waitForThreads() {
    condition.withLock { while threads > 0 { condition.wait() } }
  }

  func next() throws -> LoadedBatch? {
    let start = ContinuousClock.now
    return try condition.withLock {
      while true {
        if let first = slots.first, let result = first.result {
          slots.removeFirst()
          if case .failure = result {
            isOver = true
            slots = []
          }
          waited += (ContinuousClock.now - start) / .seconds(1)
          condition.broadcast()
          return try result.get()
        }
        if slots.isEmpty, isOver || isAtEnd { return nil }
        condition.wait()
      }
    }
  }

  private var isAtEnd: Bool { lastEpoch.map { epoch > $0 } ?? false }

  /// The work of one thread.
  func run() {
    while let (slot, index) = nextPicture() {
      let picture = Result {
        try loader.picture(for: slot.draws[index], epoch: slot.epoch, step: slot.step) { image in
          condition.withLock {
            skipped[image.id] = image
            skips += 1
          }
        }
      }
      finish(slot, index, picture)
    }
    condition.withLock {
      threads -= 1
      condition.broadcast()
    }
  }

  /// The first picture that nobody is at, once there is room for its batch; nil when all is over.
  private func nextPicture() -> (Slot, Int)? {
    condition.withLock {
      while !isOver {
        if let slot = slots.first(where: { $0.result == nil && $0.started < $0.draws.count }) {
          slot.started += 1
          return (slot, slot.started - 1)
        }
        if isAtEnd { return nil }
        if slots.count < loader.options.prefetch {
          openSlot()
        } else {
          condition.wait()
        }
      }
      return nil
    }
  }

  private func openSlot() {
    let draws = loader.draws(epoch: epoch, step: step)
    if !draws.isEmpty { slots.append(Slot(epoch: epoch, step: step, draws: draws)) }
    step += 1
    if step == stepsPerEpoch {
      step = 0
      epoch += 1
      if isAtEnd { condition.broadcast() }
    }
  }

  private func finish(
    _ slot: Slot, _ index: Int, _ picture: Result<PairLoader.PreparedPicture, any Error>
  ) {
    let isLast = condition.withLock {
      slot.pictures[index] = picture
      slot.finished += 1
      return slot.finished == slot.draws.count
    }
    guard isLast else { return }
    // Nobody else touches the pictures of a batch that is complete. Of several errors, the first in
    // the order of the batch is told, whichever thread met its own first.
    let result = Result<LoadedBatch, any Error> {
      try loader.collate(
        slot.pictures.map { try $0!.get() }, draws: slot.draws, epoch: slot.epoch, step: slot.step)
    }
    condition.withLock {
      slot.pictures = []
      slot.result = result
      condition.broadcast()
    }
  }
}
