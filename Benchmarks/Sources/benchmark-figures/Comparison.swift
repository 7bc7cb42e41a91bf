/// What `compare.py` measured.
struct Comparison: Decodable {
  struct Machine: Decodable {
    var processor: String
    var threads: Int
    /// Of the multiply-add units, in GFLOP/s.
    var peakGflops: Double
    /// The best copy, in GB/s, reading and writing counted.
    var bandwidth: Double
  }

  /// Every engine at the same work.
  struct Group: Decodable {
    struct Row: Decodable {
      var engine: String
      var median: Double
      var p95: Double
      /// This engine's time over ours, the median over turns.
      var ratio: Double
      var gflops: Double?
      var peakBytes: Double?
    }

    var name: String
    var unit: String
    var rows: [Row]
  }

  var date: String
  var machine: Machine
  var versions: [String: String]
  /// The largest difference between our embeddings and PyTorch's.
  var agreement: [String: Double]
  var groups: [Group]
}
