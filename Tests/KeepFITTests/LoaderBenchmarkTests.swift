import KeepFIT
import TestSupport
import Testing

@Suite struct LoaderBenchmarkTests {
  @Test func benchmarkRuns() throws {
    let directory = try TemporaryDirectory()
    let files = try LoaderBenchmark.writeImages(
      count: 2, width: 300, height: 200, to: directory.url)
    var preprocessing = Preprocessing.transfer.with(imageSize: 32)
    preprocessing.reducesJPEG = true
    let result = try LoaderBenchmark.run(
      images: files, pipeline: ImagePipeline(preprocessing: preprocessing), batchSize: 2,
      seconds: 0.05)
    #expect(result.samplesPerSecond > 0)
    #expect(result.samples >= 2)
  }
}
