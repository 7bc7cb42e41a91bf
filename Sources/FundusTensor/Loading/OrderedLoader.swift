import Foundation

/// A plan for an ``OrderedLoader``: the batches of an endless or finite sequence of steps.
public protocol LoadingPlan<Draw, Item, Batch>: Sendable {
  /// The description of an item before it is loaded, such as its index.
  associatedtype Draw: Sendable
  /// An item that is loaded.
  associatedtype Item: Sendable
  /// A batch of items.
  associatedtype Batch: Sendable

  /// The items of a step, in order: empty for a step that has none, nil after the last. Called for one
  /// step after the other.
  func draws(step: Int) -> [Draw]?

  /// Loads one item; runs on several threads at a time.
  func load(_ draw: Draw, step: Int) throws -> Item

  /// Combines the items of a step into a batch.
  func collate(_ items: [Item], draws: [Draw], step: Int) throws -> Batch
}

/// Prefetches batches on its own threads and returns them in the order of their steps.
///
/// The batches depend only on the plan, not on the number of threads or their speed. Threads start with the
/// loader and end with it: when the last batch has been loaded, when ``cancel()`` is called, or when
/// the loader is released.
public final class OrderedLoader<Plan: LoadingPlan>: Sendable {
  private let work: LoadingWork<Plan>

  /// Starts to load.
  /// - Parameters:
  ///   - plan: what to load.
  ///   - step: the first step, such as the one where an earlier run stopped.
  ///   - threads: the number of loading threads, at least 1.
  ///   - prefetch: the number of batches to prefetch, at least 1.
  public init(_ plan: Plan, startingAt step: Int = 0, threads: Int = 2, prefetch: Int = 2) {
    precondition(threads > 0 && prefetch > 0, "\(threads) threads, \(prefetch) batches ahead")
    precondition(step >= 0, "step \(step)")
    let work = LoadingWork(plan: plan, step: step, threads: threads, prefetch: prefetch)
    self.work = work
    for number in 0..<threads {
      // The threads hold the work, not the loader, so that it can go away.
      let thread = Thread {
        ThreadPool.leave()
        work.run()
      }
      thread.name = "loader.\(number)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  deinit { work.cancel() }

  /// The next batch, waiting for it if necessary; nil after the last step.
  /// - Throws: the error of the first item of this batch, in its order, that could not be loaded. The
  ///   loader is at its end then.
  public func next() throws -> Plan.Batch? { try work.next() }

  /// Stops the threads, and waits for their current items.
  public func cancel() {
    work.cancel()
    work.waitForThreads()
  }

  /// The time in seconds that callers of ``next()`` have waited.
  public var secondsWaited: Double { work.secondsWaited }
}

/// What the threads of a loader share. All that changes is guarded by `condition`.
private final class LoadingWork<Plan: LoadingPlan>: @unchecked Sendable {
  /// A batch that is under way or done.
  private final class Slot {
    let step: Int
    let draws: [Plan.Draw]
    var items: [Result<Plan.Item, any Error>?]
    var started = 0
    var finished = 0
    var result: Result<Plan.Batch, any Error>?

    init(step: Int, draws: [Plan.Draw]) {
      self.step = step
      self.draws = draws
      items = Array(repeating: nil, count: draws.count)
    }
  }

  private let plan: Plan
  private let prefetch: Int
  private let condition = NSCondition()
  private var step: Int
  private var slots: [Slot] = []
  private var isAtEnd = false
  private var isOver = false
  private var threads: Int
  private var waited = 0.0

  init(plan: Plan, step: Int, threads: Int, prefetch: Int) {
    (self.plan, self.step, self.threads, self.prefetch) = (plan, step, threads, prefetch)
  }

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

  func next() throws -> Plan.Batch? {
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

  /// The work of one thread.
  func run() {
    while let (slot, index) = nextItem() {
      finish(slot, index, Result { try plan.load(slot.draws[index], step: slot.step) })
    }
    condition.withLock {
      threads -= 1
      condition.broadcast()
    }
  }

  /// The first item that no thread is loading, once there is room for its batch; nil at the end.
  private func nextItem() -> (Slot, Int)? {
    condition.withLock {
      while !isOver {
        if let slot = slots.first(where: { $0.result == nil && $0.started < $0.draws.count }) {
          slot.started += 1
          return (slot, slot.started - 1)
        }
        if isAtEnd { return nil }
        if slots.count < prefetch { openSlot() } else { condition.wait() }
      }
      return nil
    }
  }

  private func openSlot() {
    guard let draws = plan.draws(step: step) else {
      isAtEnd = true
      condition.broadcast()
      return
    }
    if !draws.isEmpty { slots.append(Slot(step: step, draws: draws)) }
    step += 1
  }

  private func finish(_ slot: Slot, _ index: Int, _ item: Result<Plan.Item, any Error>) {
    let isLast = condition.withLock {
      slot.items[index] = item
      slot.finished += 1
      return slot.finished == slot.draws.count
    }
    guard isLast else { return }
    // Nobody else touches the items of a batch that is complete. Of several errors, the first in the order of
    // the batch is reported, regardless of which occurred first.
    let result = Result<Plan.Batch, any Error> {
      try plan.collate(slot.items.map { try $0!.get() }, draws: slot.draws, step: slot.step)
    }
    condition.withLock {
      slot.items = []
      slot.result = result
      condition.broadcast()
    }
  }
}
