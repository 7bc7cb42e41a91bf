import Foundation
import KeepFIT

/// `--out`, `--resume`, `--force` and `--no-quality-check` of `classify`.
struct PredictionOptions: OptionGroup {
  let out = Option<FilePath>(
    "out", "FILE",
    help: "Write one row per image to FILE (.csv, .jsonl or .json), as soon as it is classified.")
  let resume = Flag(
    "resume",
    help: "Continue FILE of --out after an interruption; images that are in it are skipped.")
  let overwrite = OverwriteOptions()
  let noQuality = Flag(
    "no-quality-check",
    help: "Do not check image quality (blur, exposure, cropped field of view, kind of image).")

  func validate(json: Flag) throws {
    guard let file = out.given else {
      for flag in [resume, overwrite.force] where flag.isOn {
        throw CommandError.usage("--\(flag.name) has no effect without --out FILE")
      }
      return
    }
    guard PredictionFile.Format(file.url) != nil else {
      throw CommandError.usage("--out \(file.text): must end in .csv, .jsonl or .json")
    }
    if json.isOn {
      throw CommandError.usage(
        "--json prints to standard output and --out writes to a file; for a JSON file, name it .json"
      )
    }
    if resume.isOn, overwrite.force.isOn {
      throw CommandError.usage("--resume and --force are mutually exclusive")
    }
    if file.exists, !resume.isOn, !overwrite.force.isOn, !file.isDirectory {
      throw CommandError.usage(
        "\(file.text): already exists; --resume continues it, --force overwrites it")
    }
    try file.checkWritable(force: resume.isOn || overwrite.force.isOn)
  }

  var existing: PredictionFile.Existing {
    resume.isOn ? .resume : overwrite.force.isOn ? .replace : .refuse
  }
}

/// Checks the quality of images, and counts the issues for a summary.
final class QualityTally {
  private var names: [ImageQuality.Issue: [String]] = [:]
  private var counts: [ImageQuality.Issue: Int] = [:]
  private let decoding: DecodingOptions

  init(decoding: DecodingOptions) {
    self.decoding = decoding
  }

  /// The quality of files that can be decoded.
  func check(_ files: [ImageList.Item]) -> [ImageQuality?] {
    let (urls, decoding) = (files.map(\.url), decoding)
    let found = ThreadPool.map(urls.count) { index in
      try? ImageQuality(contentsOf: urls[index], decoding: decoding)
    }
    for (file, quality) in zip(files, found) {
      for issue in quality?.issues ?? [] {
        counts[issue, default: 0] += 1
        if counts[issue]! <= 3 { names[issue, default: []].append(file.name) }
      }
    }
    return found
  }

  /// Warns of the issues found.
  func report(of total: Int) {
    for issue in ImageQuality.Issue.allCases {
      guard let count = counts[issue], let names = names[issue] else { continue }
      Console.warn(
        "\(count) of \(Pretty.count(total, "image")) \(count == 1 ? "is" : "are") \(issue.text): "
          + names.joined(separator: ", ") + (count > names.count ? ", …" : ""))
    }
  }
}
