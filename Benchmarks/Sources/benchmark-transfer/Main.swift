import Foundation
import KeepFIT

/// Times of transfer's own algorithms, a line of JSON each.
///
///     benchmark-transfer probe FILE REPEATS      # features, labels: see peers/linear_probe.py
///     benchmark-transfer search ROWS WIDTH REPEATS
@main
enum Main {
  static func main() throws {
    let words = CommandLine.arguments
    switch (words.dropFirst().first, words.count) {
    case ("probe", 4): try probe(URL(fileURLWithPath: words[2]), repeats: Int(words[3]) ?? 3)
    case ("search", 5):
      try search(
        rows: Int(words[2]) ?? 1_000_000, width: Int(words[3]) ?? 512, repeats: Int(words[4]) ?? 9)
    default: print("usage: benchmark-transfer probe FILE REPEATS | search ROWS WIDTH REPEATS")
    }
  }

  static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let spent = ContinuousClock.now - start
    return Double(spent.components.attoseconds) / 1e15 + Double(spent.components.seconds) * 1e3
  }

  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  static func probe(_ url: URL, repeats: Int) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let features = try file.tensor(named: "features")
    let labels = try file.integers(named: "labels")
    let classes = (labels.max() ?? 0) + 1
    var iterations = 0
    var last: LinearProbe?
    let times = try (0..<repeats).map { _ in
      try milliseconds {
        last = try LinearProbe(features: features, labels: labels, classCount: classes)
        iterations = last!.iterations
      }
    }
    let expected = try file.tensor(named: "weights").scalars
    let distance = zip(last!.weights, expected).map { abs($0 - Double($1)) }.max() ?? .infinity
    print(
      #"{"milliseconds": \#(median(times)), "iterations": \#(iterations), "#
        + #""largest_difference": \#(distance)}"#)
  }

  static func search(rows: Int, width: Int, repeats: Int) throws {
    // Rows around a hundred centres, as embeddings of pictures lie.
    var state: UInt64 = 42
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
    }
    let centers = (0..<100 * width).map { _ in next() }
    let embeddings = Tensor(shape: [rows, width]) { span in
      for row in 0..<rows {
        let center = row % 100 * width
        var square: Float = 0
        for column in 0..<width {
          let value = centers[center + column] + next()
          span[row * width + column] = value
          square += value * value
        }
        let scale = 1 / square.squareRoot()
        for column in 0..<width { span[row * width + column] *= scale }
      }
    }
    var index: EmbeddingIndex?
    let building = try milliseconds { index = try EmbeddingIndex(embeddings) }
    var times: [Double] = []
    for repeated in 0..<repeats {
      let row = repeated * 7919 % rows
      let query = embeddings.sliced(row..<row + 1).scalars
      var found: [EmbeddingIndex.Match] = []
      times.append(try milliseconds { found = try index!.search(query, count: 10) })
      guard found.first?.index == row else { fatalError("row \(row) is not nearest to itself") }
    }
    print(
      #"{"rows": \#(rows), "width": \#(width), "milliseconds": \#(median(times)), "#
        + #""slowest": \#(times.max() ?? 0), "building": \#(building)}"#)
  }
}
