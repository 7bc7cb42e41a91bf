import Foundation
import KeepFIT

/// Options of all benchmarks.
struct BenchOptions: OptionGroup {
  let size = Option<Int>(
    "size", "S", in: 32...4096, help: "Image size in pixels; by default the model's.")
  let batchSize = Option<Int>(
    "batch-size", "B", aliases: ["batch"], default: 8, in: 1...4096,
    help: "Images or texts per batch.")
  let repeats = Option<Int>(
    "repeats", "N", default: 10, in: 1...100_000, help: "Number of batches to measure.")
  let json = Flag("json", help: "Print one JSON object.")
}

/// The timing of a benchmark, and how it is printed.
struct Measurement {
  /// The time of each batch in milliseconds.
  var milliseconds: [Double]
  /// Images or texts per batch.
  var samples: Int
  /// Peak tensor memory in bytes.
  var peakBytes: Int

  /// Runs `work` once to warm up, then measures it.
  init(repeats: Int, samples: Int, _ work: () -> Void) {
    work()
    CachingAllocator.shared.resetPeak()
    milliseconds = (0..<repeats).map { _ in
      let start = ContinuousClock.now
      work()
      return (ContinuousClock.now - start) / .milliseconds(1)
    }
    self.samples = samples
    peakBytes = CachingAllocator.shared.statistics.peakBytesInUse
  }

  init(milliseconds: [Double], samples: Int, peakBytes: Int) {
    self.milliseconds = milliseconds
    self.samples = samples
    self.peakBytes = peakBytes
  }

  private func quantile(_ share: Double) -> Double {
    let sorted = milliseconds.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
  }

  /// Prints the results.
  /// - Parameters:
  ///   - per: the JSON key of the median time of a batch, such as `milliseconds_per_batch`.
  ///   - unit: the name of a sample.
  func print(_ options: BenchOptions, per: String, unit: String, extra: [JSONValue.Member] = []) {
    let median = quantile(0.5)
    let rate = Double(samples) / median * 1000
    if options.json.isOn {
      var members: [JSONValue.Member] = [
        .init(per, .double(median)), .init("milliseconds_p95", .double(quantile(0.95))),
        .init("samples_per_second", .double(rate)),
        .init("milliseconds", .array(milliseconds.map { .double($0) })),
      ]
      if per != "milliseconds_per_batch" {
        members.append(.init("milliseconds_per_batch", .double(median)))
      }
      members.append(.init("milliseconds_per_\(unit)", .double(median / Double(samples))))
      members += extra
      members += [
        .init("peak_bytes", .integer(peakBytes)),
        .init("resident_peak_bytes", .integer(Self.residentPeak)),
        .init("blas_core", .string(BLAS.coreName)),
        .init("threads", .integer(ThreadPool.threadCount)),
      ]
      Console.print(JSONValue.object(members).serialized())
      return
    }
    let each = median / Double(samples)
    Console.print(
      String(format: "%.2f ms per batch of %d (p95 %.2f)", median, samples, quantile(0.95)))
    Console.print(String(format: "%.3f ms per %@, %.1f per second", each, unit, rate))
    Console.print(
      "peak memory: tensors \(Pretty.bytes(peakBytes)), process \(Pretty.bytes(Self.residentPeak))"
    )
    Console.print("\(BLAS.coreName) kernels, \(Pretty.count(ThreadPool.threadCount, "thread"))")
  }

  /// The peak memory of the process in bytes.
  private static var residentPeak: Int {
    var usage = rusage()
    #if os(Linux)
      // getrusage also counts the program that started this one through exec.
      if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = Int(line.filter(\.isNumber))
      {
        return kibibytes * 1024
      }
      getrusage(RUSAGE_SELF.rawValue, &usage)
      return usage.ru_maxrss * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }
}

/// `keepfit bench vision`
struct BenchVisionCommand: Subcommand {
  static let name = "bench vision"
  static let summary = "Benchmark the embedding of images in memory."
  static let discussion = """
    --precision int8 without --calibration calibrates on the images of the benchmark. --tasks writes the
    duration of every task of every parallel region, measured on one thread, as JSON Lines, from which
    Scripts/checks/makespan.py computes the time on more threads.
    """
  let models = ModelOptions()
  let bench = BenchOptions()
  let precision = PrecisionOptions()
  let tasks = Option<FilePath>("tasks", "FILE", help: "File for the durations of tasks.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    try precision.validate()
    try tasks.given?.checkWritable(force: overwrite.force.isOn)
    if overwrite.force.isOn, tasks.given == nil {
      throw CommandError.usage("--force has no effect without --tasks FILE")
    }
  }

  func run() throws {
    let model = try models.load()
    let side = bench.size.given ?? model.configuration.imageSize
    let batch = bench.batchSize.value
    let images =
      Initialization.random(RandomStream(seed: 0).derived("bench"))
      .uniform([batch, side, side, 3], bound: 0.5) + 0.5
    if precision.precision.value == .int8, precision.calibration.given == nil {
      try model.useBytes(VisionCalibration(model, batches: 1, leastCosine: 0) { _ in images })
    } else {
      try precision.apply(to: model, of: models.model.value)
    }
    Measurement(repeats: bench.repeats.value, samples: batch) {
      _ = model.imageEmbeddings(images)
    }.print(bench, per: "milliseconds_per_batch", unit: "image")
    if let tasks = tasks.given {
      let runs = (0..<bench.repeats.value).map { _ in
        TaskTrace.regions { _ = model.imageEmbeddings(images) }
      }
      let lines = try TaskTrace.shortest(runs).map { try JSONText.encode($0) + "\n" }
      try AtomicFile.write(lines.joined(), to: tasks.url, force: overwrite.force.isOn)
    }
  }
}

/// `keepfit bench text`
struct BenchTextCommand: Subcommand {
  static let name = "bench text"
  static let summary = "Benchmark the embedding of tokenized texts."
  let models = ModelOptions()
  let bench = BenchOptions()
  let length = Option<Int>("length", "T", default: 64, in: 3...4096, help: "Tokens per text.")
  let common = CommonOptions()

  func run() throws {
    if bench.size.isGiven { Console.warn("--size has no effect on texts") }
    let model = try models.load()
    let limit = model.configuration.text.maximumPositions
    guard length.value <= limit else {
      throw CommandError.usage("--length \(length.value): the model reads at most \(limit) tokens")
    }
    var random = RandomStream(seed: 0).derived("bench")
    let rows = (0..<bench.batchSize.value).map { _ in
      (0..<length.value).map { _ in
        Int32(random.index(below: model.configuration.text.vocabularySize))
      }
    }
    let tokens = TokenBatch(rows: rows)
    Measurement(repeats: bench.repeats.value, samples: rows.count) {
      _ = model.textEmbeddings(tokens)
    }.print(bench, per: "milliseconds_per_batch", unit: "text")
  }
}

/// `keepfit bench step`
struct BenchStepCommand: Subcommand {
  static let name = "bench step"
  static let summary = "Benchmark training steps of the KeepFIT objective."
  static let discussion = """
    A step processes --batch-size labeled images and as many expert pairs: forward and backward pass,
    gradient clipping, AdamW.
    """
  let models = ModelOptions()
  let bench = BenchOptions()
  let length = Option<Int>("length", "T", default: 64, in: 3...4096, help: "Tokens per text.")
  let recompute = Flag(
    "recompute", help: "Recompute activations in the backward pass, to save memory.")
  let common = CommonOptions()

  func run() throws {
    let model = try models.load()
    let result = StepBenchmark.run(
      model, size: bench.size.given ?? model.configuration.imageSize,
      batchSize: bench.batchSize.value, length: length.value, repetitions: bench.repeats.value,
      recomputes: recompute.isOn)
    Measurement(
      milliseconds: result.milliseconds, samples: bench.batchSize.value,
      peakBytes: result.peakBytes
    ).print(bench, per: "milliseconds_per_step", unit: "pair")
  }
}

/// `keepfit bench loader`
struct BenchLoaderCommand: Subcommand {
  static let name = "bench loader"
  static let summary = "Benchmark the loading of images from files, without a model."
  let images = Option<FilePath>(
    "images", "DIR", required: true, help: "Folder of images, read in turn.")
  let bench = BenchOptions()
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME", default: .transfer, help: "Image preprocessing.")
  let reduceJPEG = ReduceJPEGOptions()
  let seconds = Option<Double>(
    "seconds", "T", default: 10, in: 0.1...3600, help: "Duration of the measurement in seconds.")
  let common = CommonOptions()

  func run() throws {
    if bench.repeats.isGiven {
      Console.warn("--repeats has no effect: the loader is measured for --seconds")
    }
    var files = ImageList()
    try files.add(images.value.text)
    guard let path = Preprocessing(named: preprocessing.value.rawValue) else {
      throw CommandError.usage("--preprocessing \(preprocessing.value.rawValue) is unknown")
    }
    let result = try LoaderBenchmark.run(
      images: files.items.map(\.url),
      pipeline: ImagePipeline(
        preprocessing: reduceJPEG.applied(to: path.with(imageSize: bench.size.given ?? 512))),
      batchSize: bench.batchSize.value, threads: ThreadPool.threadCount, seconds: seconds.value)
    let each = 1000 / result.samplesPerSecond
    Measurement(
      milliseconds: [each * Double(bench.batchSize.value)], samples: bench.batchSize.value,
      peakBytes: result.peakBytes
    ).print(bench, per: "milliseconds_per_batch", unit: "image")
  }
}
