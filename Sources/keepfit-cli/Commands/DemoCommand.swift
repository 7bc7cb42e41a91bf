import Foundation
import KeepFIT
import Synchronization

/// `keepfit demo`
struct DemoCommand: Subcommand {
  static let name = "demo"
  static let summary = "Run the whole pipeline on synthetic fundus images and write an HTML report."
  static let discussion = """
    Renders synthetic fundus images, pretrains a small model with the FLAIR and the KeepFIT objective, and
    evaluates both on seen classes, which have labels, and unseen ones, which only expert captions describe;
    then trains a small model that generates angiography reports.

      keepfit demo --out keepfit-demo
    """

  let out = Option<FilePath>(
    "out", "DIR", default: FilePath("keepfit-demo"), help: "Output directory.")
  let epochs = Option<Int>("epochs", "E", in: 1...1000, help: "Number of epochs.")
  let seed = Option<UInt64>("seed", "N", help: "Random seed; by default 42.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    var demonstration = Demonstration(out: out.value.url)
    if let epochs = epochs.given { demonstration.settings.epochs = epochs }
    if let seed = seed.given {
      demonstration.settings.seed = seed
      demonstration.dataset.seed = seed
      demonstration.reports?.seed = seed
    }
    let start = Date()
    let display = StageDisplay()
    let page = try demonstration.run(force: overwrite.force.isOn) { display.show($0) }
    display.finish()
    Console.note("Done in \(ProgressBar.duration(Date().timeIntervalSince(start))). Open:")
    Console.print(page.path)
  }
}

/// A progress bar per stage. Events may come from several threads, one at a time.
private final class StageDisplay: Sendable {
  private let state = Mutex<(title: String, bar: ProgressBar?)>(("", nil))

  func show(_ event: Demonstration.Event) {
    state.withLock { state in
      switch event {
      case .stage(let title):
        state.bar?.finish(nil)
        state = (title, nil)
        Console.note(title)
      case .progress(let done, let total, let detail):
        let bar = state.bar ?? ProgressBar(state.title, unit: "steps", total: total)
        state.bar = bar
        bar.update(to: done, detail: detail)
      }
    }
  }

  func finish() { state.withLock { $0.bar?.finish(nil) } }
}
