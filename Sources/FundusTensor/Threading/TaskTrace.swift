import CFundusKernels

/// A region of parallel work as it ran on one thread: `Scripts/checks/makespan.py` computes from these how long a
/// computation would take on more threads.
package struct TaskTrace: Sendable, Codable, Equatable {
  /// How long each task took, in nanoseconds.
  package let tasks: [UInt64]
  /// The time since the region before, in nanoseconds, which no thread shares.
  package let before: UInt64

  /// Runs `body` on the calling thread and records its regions. Only while no other thread uses the engine.
  package static func regions(of body: () throws -> Void) rethrows -> [TaskTrace] {
    final class Regions { var list: [TaskTrace] = [] }
    let regions = Regions()
    fk_trace_regions(
      { context, region in
        let regions = Unmanaged<Regions>.fromOpaque(context!).takeUnretainedValue()
        let tasks = UnsafeBufferPointer(
          start: region.pointee.durations, count: region.pointee.count)
        regions.list.append(TaskTrace(tasks: Array(tasks), before: region.pointee.before))
      }, Unmanaged.passUnretained(regions).toOpaque())
    defer { fk_trace_regions(nil, nil) }
    try withExtendedLifetime(regions) { try body() }
    return regions.list
  }

  /// The shortest time of each task over several runs of the same work, which is free of interruptions.
  package static func shortest(_ runs: [[TaskTrace]]) -> [TaskTrace] {
    guard let first = runs.first else { return [] }
    return first.indices.map { region in
      TaskTrace(
        tasks: first[region].tasks.indices.map { task in runs.map { $0[region].tasks[task] }.min()!
        },
        before: runs.map { $0[region].before }.min()!)
    }
  }
}
