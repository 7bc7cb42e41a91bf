import Foundation
import FundusTensor
import MMRetinalData

/// A benchmark of the loader without a model.
public struct LoaderBenchmark: Sendable, Codable, Hashable {
  /// Images per second, over all threads.
  public let samplesPerSecond: Double
  /// The median time per batch in milliseconds.
  public let millisecondsPerBatch: Double
  /// The 95th percentile of the time per batch in milliseconds.
  public let millisecondsPerBatchP95: Double
  /// The number of images loaded in the measurement.
  public let samples: Int
  /// The number of loader threads.
  public let threads: Int
  /// The batch size.
  public let batchSize: Int
  /// The image size in pixels.
  public let imageSize: Int
  /// Peak tensor memory in bytes.
  public let peakBytes: Int

  private enum CodingKeys: String, CodingKey {
    case samplesPerSecond = "samples_per_second"
    case millisecondsPerBatch = "milliseconds_per_batch"
    case millisecondsPerBatchP95 = "milliseconds_per_batch_p95"
    case samples, threads
    case batchSize = "batch_size"
    case imageSize = "image_size"
    case peakBytes = "peak_bytes"
  }

  /// Loads images for a given time.
  /// - Parameters:
  ///   - images: files, used in turn.
  ///   - pipeline: the image pipeline.
  ///   - batchSize: images per batch.
  ///   - threads: the number of loader threads.
  ///   - seconds: the duration of the measurement, after two warm-up batches.
  /// - Throws: the error of an image that cannot be loaded.
  public static func run(
    images: [URL], pipeline: ImagePipeline, batchSize: Int = 8, threads: Int = 2,
    seconds: Double = 10
  ) throws -> LoaderBenchmark {
    let root = URL(filePath: "/")
    let rows = try images.map {
      try ManifestRow(
        image: String($0.standardizedFileURL.path.dropFirst()),
        content: .labels(attributes: [], categories: ["normal"]))
    }
    let dataset = try PairDataset([Manifest(name: "benchmark", root: root, rows: rows)])
    var options = PairLoader.Options(batchSize: batchSize)
    options.threads = threads
    let loader = PairLoader(
      dataset: dataset, sampler: SequentialSampler(count: rows.count, drawsPerEpoch: batchSize),
      options: options, images: pipeline)
    let stream = loader.batches(epoch: 1)
    defer { stream.cancel() }
    let clock = ContinuousClock()
    // As many warm-up batches as may be prefetched before the measurement.
    for _ in 0..<options.prefetch + 1 { _ = try stream.next() }
    var times: [Double] = []
    var last = clock.now
    let start = last
    while last - start < .seconds(seconds) {
      _ = try stream.next()
      let now = clock.now
      times.append((now - last) / .milliseconds(1))
      last = now
    }
    let total = (last - start) / .seconds(1)
    let sorted = times.sorted()
    return LoaderBenchmark(
      samplesPerSecond: Double(times.count * batchSize) / total,
      millisecondsPerBatch: sorted[sorted.count / 2],
      millisecondsPerBatchP95: sorted[min(sorted.count - 1, sorted.count * 95 / 100)],
      samples: times.count * batchSize, threads: threads, batchSize: batchSize,
      imageSize: pipeline.preprocessing.imageSize,
      peakBytes: CachingAllocator.shared.statistics.peakBytesInUse)
  }

  /// Writes JPEG files similar to those of fundus cameras, for benchmarks: a bright disc on black with vessels
  /// and sensor noise. Existing files are kept.
  /// - Returns: the files.
  public static func writeImages(
    count: Int, width: Int = 3000, height: Int = 2000, quality: Int = 90, to directory: URL
  ) throws -> [URL] {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return try (0..<count).map { number in
      let file = directory.appending(path: "fundus-\(width)x\(height)-\(number).jpg")
      if !FileManager.default.fileExists(atPath: file.path) {
        try image(number, width: width, height: height).writeJPEG(to: file, quality: quality)
      }
      return file
    }
  }

  private static func image(_ number: Int, width: Int, height: Int) -> FundusImage {
    var random = RandomStream(seed: UInt64(number)).derived("benchmark")
    let noise = (0..<1 << 16).map { _ in Int(random.index(below: 9)) - 4 }
    let phase = random.uniform() * 6
    let (centerX, centerY) = (Float(width) / 2, Float(height) / 2)
    let radius = Float(height) * 0.49
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for y in 0..<height {
      for x in 0..<width {
        let (dx, dy) = ((Float(x) - centerX) / radius, (Float(y) - centerY) / radius)
        let distance = dx * dx + dy * dy
        if distance > 1 { continue }
        let light = 1 - 0.45 * distance
        let wave = sinf(9 * dy + 4 * dx * dx + phase) * sinf(23 * dx + phase)
        let vessel: Float = abs(wave) < 0.05 ? 0.7 : 1
        let grain = noise[(x &* 7919 &+ y &* 104_729 &+ x &* y) & 0xFFFF]
        for (channel, level) in [Float(205), 105, 55].enumerated() {
          let value = Int(level * light * (channel == 0 ? vessel * 0.3 + 0.7 : vessel)) + grain
          pixels[(y * width + x) * 3 + channel] = UInt8(clamping: value)
        }
      }
    }
    return FundusImage(width: width, height: height, pixels: pixels)
  }
}
