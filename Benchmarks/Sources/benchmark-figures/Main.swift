import Foundation
import KeepFIT

/// Turns the results of `compare.py` into `benchmarks.md` and its figures.
@main
enum Main {
  static func main() throws {
    guard CommandLine.arguments.count == 3 else {
      FileHandle.standardError.write(Data("usage: benchmark-figures RESULTS.json DOCS\n".utf8))
      exit(2)
    }
    let file = URL(fileURLWithPath: CommandLine.arguments[1])
    let docs = URL(fileURLWithPath: CommandLine.arguments[2])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let comparison = try decoder.decode(Comparison.self, from: Data(contentsOf: file))
    let figures = docs.appendingPathComponent("figures")
    try FileManager.default.createDirectory(at: figures, withIntermediateDirectories: true)
    try Data(ratioFigure(comparison).utf8)
      .write(to: figures.appendingPathComponent("benchmarks.svg"), options: .atomic)
    try Data(page(comparison).utf8)
      .write(to: docs.appendingPathComponent("benchmarks.md"), options: .atomic)
  }

  /// How many times longer each peer takes, for every piece of work.
  private static func ratioFigure(_ comparison: Comparison) -> String {
    let groups = comparison.groups.filter { $0.rows.count > 1 }
    var engines: [String] = []
    for row in groups.flatMap(\.rows)
    where row.engine != "KeepFIT" && !engines.contains(row.engine) {
      engines.append(row.engine)
    }
    var plot = DotPlot(
      title: "Time of each peer divided by the time of KeepFIT (above 1: KeepFIT is faster)",
      xLabel: "ratio",
      categories: groups.map(\.name),
      groups: engines.map { engine in
        BarPlot.Group(
          name(engine),
          groups.map { group in group.rows.first { $0.engine == engine }?.ratio })
      })
    plot.reference = 1
    return plot.svg()
  }

  private static func page(_ comparison: Comparison) -> String {
    let machine = comparison.machine
    let versions = comparison.versions.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    var text = """
      # Benchmarks

      Written by `make bench` on \(comparison.date). In each table KeepFIT and the peers alternate, with the
      same weights and inputs; the first round is a warm-up. A ratio is the peer's time divided by KeepFIT's
      in the same round (median over the rounds).

      - Processor: \(machine.processor), \(machine.threads) threads
      - Peak FMA throughput: \(format(machine.peakGflops, 0)) GFLOP/s
      - Copy bandwidth: \(format(machine.bandwidth, 1)) GB/s
      - Peers: \(versions)
      - Largest difference to PyTorch's embeddings: \
      images \(scientific(comparison.agreement["images"])), \
      texts \(scientific(comparison.agreement["texts"]))

      ![Time of each peer divided by the time of KeepFIT](figures/benchmarks.svg)

      GFLOP/s count the multiplications and additions of direct convolution, so layers that use
      Winograd can exceed the peak. Peak memory is that of the whole process.

      """
    for group in comparison.groups {
      text += "\n## \(group.name)\n\n"
      text += "| engine | median \(group.unit) | p95 | ratio | GFLOP/s | fraction of peak "
      text += "| peak memory |\n"
      text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
      for row in group.rows {
        let share = row.gflops.map { format($0 / machine.peakGflops * 100, 0) + " %" } ?? ""
        text += "| \(name(row.engine)) | \(format(row.median, 2)) | \(format(row.p95, 2)) "
        text += "| \(format(row.ratio, 2)) | \(row.gflops.map { format($0, 0) } ?? "") | \(share) "
        text += "| \(row.peakBytes.map { format($0 / 1_048_576, 0) + " MiB" } ?? "") |\n"
      }
    }
    return text
  }

  private static func name(_ engine: String) -> String {
    switch engine {
    case "pytorch": "PyTorch eager, channels last"
    case "torch.compile": "PyTorch compiled, channels last"
    case "onnxruntime": "ONNX Runtime"
    case "openvino": "OpenVINO (fp32)"
    case "onnxruntime-int8": "ONNX Runtime (int8)"
    case "openvino-int8": "OpenVINO (int8)"
    case "numpy": "NumPy"
    default: engine
    }
  }

  private static func format(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  private static func scientific(_ value: Double?) -> String {
    value.map { String(format: "%.1e", $0) } ?? "not measured"
  }
}
