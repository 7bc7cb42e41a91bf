import Foundation
import MMRetinalData
import Testing

@Suite struct ImagePipelineTests {
  let directory = try! TemporaryDirectory()

  private func images(_ count: Int) throws -> PairDataset {
    let rows = try (0..<count).map { number in
      var random = RandomStream(seed: UInt64(number))
      let (width, height) = (30 + number, 20)
      let pixels = (0..<width * height * 3).map { _ in UInt8(random.index(below: 256)) }
      try directory.write(
        FundusImage(width: width, height: height, pixels: pixels).pngData(), to: "d/\(number).png")
      return try ManifestRow(
        image: "d/\(number).png", content: .labels(attributes: [], categories: ["c\(number)"]))
    }
    return try PairDataset([Manifest(name: "m", root: directory.url, rows: rows)])
  }

  private func batches(
    _ dataset: PairDataset, _ pipeline: ImagePipeline, threads: Int = 2
  ) throws -> [Tensor] {
    var options = PairLoader.Options(batchSize: 3, seed: 7)
    options.threads = threads
    let loader = PairLoader(
      dataset: dataset, sampler: ShuffledSampler(count: dataset.count, seed: 1), options: options,
      images: pipeline)
    let stream = loader.batches(epoch: 1, lastEpoch: 2)
    var result: [Tensor] = []
    while let batch = try stream.next() { result.append(batch.images) }
    return result
  }

  @Test func preparesAsThePreprocessing() throws {
    let dataset = try images(4)
    let preprocessing = Preprocessing.transfer.with(imageSize: 16)
    let loader = PairLoader(
      dataset: dataset, sampler: SequentialSampler(count: 4, drawsPerEpoch: 4),
      options: PairLoader.Options(batchSize: 4),
      images: ImagePipeline(preprocessing: preprocessing))
    let batch = try loader.batch(epoch: 1, step: 0)
    let direct = try preprocessing.prepare(contentsOf: batch.samples.map(\.image))
    #expect(batch.images.shape == [4, 16, 16, 3])
    #expect(batch.images.scalars == direct.scalars)
  }

  @Test func augmentationDoesNotDependOnThreads() throws {
    let dataset = try images(7)
    let pipeline = ImagePipeline(
      preprocessing: Preprocessing.transfer.with(imageSize: 16), augmentation: .published)
    let one = try batches(dataset, pipeline, threads: 1).map(\.scalars)
    let four = try batches(dataset, pipeline, threads: 4).map(\.scalars)
    #expect(one == four)
    let plain = try batches(
      dataset, ImagePipeline(preprocessing: pipeline.preprocessing)
    ).map(\.scalars)
    #expect(plain != one)
  }

  @Test func theCacheChangesNothingButRounding() throws {
    let dataset = try images(7)
    let preprocessing = Preprocessing.transfer.with(imageSize: 16)
    let plain = try batches(dataset, ImagePipeline(preprocessing: preprocessing))
    let cache = try ImageCache(directory: directory.url.appending(path: "cache"))
    let pipeline = ImagePipeline(preprocessing: preprocessing, cache: cache)
    let cold = try batches(dataset, pipeline)
    // Two threads that want one image at the same time both make it.
    let (misses, hits) = (cache.statistics.misses, cache.statistics.hits)
    #expect(misses >= 7)
    let warm = try batches(dataset, pipeline)
    #expect(cache.statistics.hits >= hits + 7)
    // Whether found or made, the same bits.
    #expect(cold.map(\.scalars) == warm.map(\.scalars))
    for (a, b) in zip(plain, cold) {
      let worst = zip(a.scalars, b.scalars).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst <= 0.5 / 255 + 1e-6)
    }
  }
}
