import CFundusKernels
import Foundation
import FundusTensor
import TestSupport
import Testing

#if os(Linux)
  /// Pages of this process that are mapped, and that are in memory, in bytes.
  private func memory() -> (mapped: Int, resident: Int) {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").prefix(2).compactMap { Int($0) }
    guard pages.count == 2 else { exit(3) }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (pages[0] * page, pages[1] * page)
  }

  /// Leaves the process so many bytes of address space more than it has.
  private func leave(_ bytes: Int) {
    let limit = rlim_t(memory().mapped + bytes)
    var limits = rlimit(rlim_cur: limit, rlim_max: limit)
    guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0 else { exit(4) }
  }

  /// Takes 288 MB and gives them back to the allocator, where they wait.
  private func fillTheAllocator() {
    let blocks = (0..<6).map { _ in ScratchBytes(count: 48 << 20) }
    withExtendedLifetime(blocks) {}
  }

  private func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data((reason + "\n").utf8))
    exit(5)
  }

  /// Each in a process of its own, whose memory is nobody else's.
  @Suite(.enabled(if: !Sanitizer.isActive, "sanitizers have their own memory allocation"))
  struct MemoryTests {
    @Test func blocksComeBackAndCanBeGivenBack() async {
      await #expect(processExitsWith: .success) {
        let allocator = CachingAllocator.shared
        var first: ScratchBytes? = ScratchBytes(count: 40 << 20)
        let address = first!.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        let held = allocator.statistics
        guard held.bytesInUse >= 40 << 20, held.bytesHeld >= held.bytesInUse,
          held.peakBytesInUse >= held.bytesInUse
        else { fail("\(held)") }
        first = nil
        let waiting = allocator.statistics
        guard waiting.bytesInUse <= held.bytesInUse - 40 << 20, waiting.bytesHeld == held.bytesHeld,
          waiting.peakBytesInUse == held.peakBytesInUse
        else { fail("after release: \(waiting)") }
        let second = ScratchBytes(count: 39 << 20)
        guard second.withUnsafeBytes({ Int(bitPattern: $0.baseAddress) }) == address,
          allocator.statistics.bytesHeld == held.bytesHeld
        else { fail("the block was not used again") }
        allocator.resetPeak()
        allocator.trim()
        let trimmed = allocator.statistics
        guard trimmed.bytesHeld == trimmed.bytesInUse, trimmed.peakBytesInUse == trimmed.bytesInUse
        else { fail("after trimming: \(trimmed)") }
        withExtendedLifetime(second) {}
      }
    }

    /// 200 MB do not fit beside the 288 that wait, but in their place.
    @Test func whatWaitsIsGivenBackBeforeATensorFails() async {
      await #expect(processExitsWith: .success) {
        fillTheAllocator()
        leave(64 << 20)
        let large = ScratchBytes(count: 200 << 20)
        large.withUnsafeBytes { $0[$0.count - 1] = 1 }
      }
    }

    @Test func whatWaitsIsGivenBackBeforeAKernelFails() async {
      await #expect(processExitsWith: .success) {
        fillTheAllocator()
        leave(64 << 20)
        memset(fk_scratch(200 << 20), 1, 200 << 20)
      }
    }

    @Test func whatCannotBeHadIsSaid() async throws {
      let tensor = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        leave(64 << 20)
        _ = ScratchBytes(count: 1 << 30)
      }
      let kernel = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) {
        leave(64 << 20)
        _ = fk_scratch(1 << 30)
      }
      for result in [tensor, kernel] {
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("out of memory: 1073741824 bytes were requested"), "\(text)")
      }
    }

    /// 400 MB in all, 2 MB at a time.
    @Test func theScratchMemoryOfAThreadEndsWithIt() async {
      await #expect(processExitsWith: .success) {
        let before = memory().resident
        for _ in 0..<200 {
          let done = DispatchSemaphore(value: 0)
          Thread {
            memset(fk_scratch(1 << 20), 1, 1 << 20)
            memset(fk_scratch(3 << 20), 1, 2 << 20)
            done.signal()
          }.start()
          done.wait()
        }
        // The last ones may still be on their way out.
        let deadline = ContinuousClock.now + .seconds(10)
        while memory().resident - before > 64 << 20 {
          guard ContinuousClock.now < deadline else {
            fail("\(memory().resident - before) bytes stay")
          }
          usleep(10_000)
        }
      }
    }
  }
#endif
