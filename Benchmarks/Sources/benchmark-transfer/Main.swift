import Foundation
import KeepFIT

/// Times of transfer's own algorithms, a line of JSON each.
///
///     benchmark-transfer probe FILE REPEATS      # features, labels: see peers/linear_probe.py
///     benchmark-transfer search FILE              # see peers/search.py
@main
enum Main {
  static func main() throws {
    let words = CommandLine.arguments
    switch (words.dropFirst().first, words.count) {
    case ("probe", 4): try probe(URL(fileURLWithPath: words[2]), repeats: Int(words[3]) ?? 3)
    case ("search", 3): try search(URL(fileURLWithPath: words[2]))
    default: print("usage: benchmark-transfer probe FILE REPEATS | search FILE")
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
        last = try LinearProbe.fit(features: features, labels: labels, classCount: classes)
        iterations = last!.iterations
      }
    }
    let expected = try file.tensor(named: "weights").scalars
    let distance = zip(last!.weights, expected).map { abs($0 - Double($1)) }.max() ?? .infinity
    print(
      #"{"milliseconds": \#(median(times)), "iterations": \#(iterations), "#
        + #""largest_difference": \#(distance)}"#)
  }

  /// Answers row numbers from standard input: the ten rows most similar to that row, and how long
  /// finding them took.
  static func search(_ url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let rows = try file.tensor(named: "image_embeddings")
    var index: EmbeddingIndex?
    let opening = try milliseconds { index = try EmbeddingIndex(contentsOf: url) }
    print(#"{"rows": \#(index!.count), "width": \#(index!.width), "opening": \#(opening)}"#)
    fflush(nil)
    while let line = readLine(), let row = Int(line) {
      let query = rows.sliced(row..<row + 1).scalars
      var found: [EmbeddingIndex.Match] = []
      let time = try milliseconds { found = try index!.search(query, count: 10) }
      print(#"{"milliseconds": \#(time), "found": \#(found.map(\.index))}"#)
      fflush(nil)
    }
  }
}
