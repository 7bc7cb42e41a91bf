import Foundation
import FundusTensor
import Testing

/// The CPU limits of containers, from the files of control groups below a directory of the test.
@Suite struct ProcessorLimitTests {
  private func limit(_ files: [String: String]) throws -> Int? {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return ThreadPool.processorLimit(root: root.path)
  }

  @Test func versionTwo() throws {
    let own = ["proc/self/cgroup": "0::/a/b\n"]
    let cases: [([String: String], Int?)] = [
      ([:], nil), (["a/b/cpu.max": "max 100000\n"], nil), (["a/b/cpu.max": "200000 100000\n"], 2),
      (["a/b/cpu.max": "150000 100000\n"], 2), (["a/b/cpu.max": "10000 100000\n"], 1),
      // The groups around it count as well.
      (["a/b/cpu.max": "400000 100000\n", "a/cpu.max": "300000 100000\n"], 3),
      (["cpu.max": "100000 100000\n"], 1), (["cpu.max": "rubbish"], nil),
    ]
    for (files, expected) in cases {
      var all = own
      for (name, text) in files { all["sys/fs/cgroup/" + name] = text }
      #expect(try limit(all) == expected, "\(files)")
    }
  }

  @Test func versionOne() throws {
    let own = ["proc/self/cgroup": "5:memory:/x\n4:cpuacct,cpu:/docker/1\n"]
    let base = "sys/fs/cgroup/cpu/"
    func with(_ quota: String, _ period: String, in group: String) throws -> Int? {
      try limit(
        own.merging([
          base + group + "cpu.cfs_quota_us": quota, base + group + "cpu.cfs_period_us": period,
        ]) { $1 })
    }
    #expect(try with("-1", "100000", in: "docker/1/") == nil)
    #expect(try with("250000", "100000", in: "docker/1/") == 3)
    // Inside of the container its group is the root.
    #expect(try with("100000", "100000", in: "") == 1)
    #expect(try limit(own) == nil)
    #expect(try limit([:]) == nil)
  }
}
