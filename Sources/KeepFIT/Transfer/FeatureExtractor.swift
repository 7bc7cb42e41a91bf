import Foundation

/// Extracts image features, encoding each image only once.
///
/// Features are kept in memory, and optionally in a cache on disk, and shared by folds, shots and methods.
/// Raw features are stored; the projection head is applied on request.
public final class FeatureExtractor {
  private let model: any TransferModel
  private let source: ImageSource
  private let cache: FeatureCache?
  private let batchSize: Int
  private let stream: RandomStream
  private var digests: [URL: String] = [:]
  private var known: [FeatureCache.Key: [String: [Float]]] = [:]
  /// The number of images that were encoded, because they were neither in memory nor in the cache.
  public private(set) var encodedCount = 0
  /// Called after every batch with the numbers of completed and total images.
  public var progress: ((_ done: Int, _ total: Int) -> Void)?

  /// The number of new features between two writes of the cache, so that a killed run loses little.
  private static let writeInterval = 256

  /// - `batchSize`: images per batch.
  /// - `seed`: the random seed of augmentation.
  public init(
    model: any TransferModel, source: ImageSource, cache: FeatureCache? = nil,
    batchSize: Int = 8, seed: UInt64 = 0
  ) {
    precondition(batchSize > 0, "a batch holds at least one image")
    self.model = model
    self.source = source
    self.cache = cache
    self.batchSize = batchSize
    stream = RandomStream(seed: seed).derived("transfer augmentation")
    augmentation = " seed \(seed)"
  }

  private let augmentation: String

  /// Features of image files, in order.
  ///
  /// - `pass`: nil for the original images; otherwise the number of an augmented pass, whose augmentation
  ///   depends only on the image and the number.
  /// - `projected`: whether to return projected features `[N, D]` instead of raw ones `[N, F]`.
  /// - Throws: errors of image loading. Features computed before are in the cache.
  public func features(_ urls: [URL], pass: Int? = nil, projected: Bool) throws -> Tensor {
    let key = key(pass)
    _ = try encode(urls, key: key, pass: pass) { throw $1 }
    let rows = known[key]!
    let raw = Tensor(urls.flatMap { rows[digests[$0]!]! }, shape: [urls.count, model.featureCount])
    return projected ? Autograd.withoutGradients { model.projected(raw) } : raw
  }

  /// The reasons why images cannot be used, by file.
  /// - `encodes`: whether to encode the other images, so that their features are available afterwards;
  ///   otherwise images are only loaded.
  /// - Throws: errors of writing to the cache.
  func unusable(_ urls: [URL], encodes: Bool) throws -> [URL: String] {
    var reasons: [URL: String] = [:]
    if encodes {
      try encode(urls, key: key(nil), pass: nil) { reasons[$0] = "\($1)" }
      return reasons
    }
    let distinct = Array(Set(urls)).sorted { $0.path < $1.path }
    let source = source
    for first in stride(from: 0, to: distinct.count, by: batchSize) {
      let batch = Array(distinct[first..<min(distinct.count, first + batchSize)])
      let failures = ThreadPool.map(batch.count) { index in
        do {
          _ = try source.load(batch[index])
          return String?.none
        } catch { return "\(error)" }
      }
      for (url, reason) in zip(batch, failures) { reasons[url] = reason }
      progress?(first + batch.count, distinct.count)
    }
    return reasons
  }

  private func key(_ pass: Int?) -> FeatureCache.Key {
    FeatureCache.Key(
      model: model.fingerprint,
      preparation: source.identity + (pass.map { " pass \($0)\(augmentation)" } ?? ""))
  }

  /// Encodes images without features, and reports those that cannot be encoded.
  private func encode(
    _ urls: [URL], key: FeatureCache.Key, pass: Int?,
    onFailure: (URL, any Error) throws -> Void
  ) throws {
    let width = model.featureCount
    if known[key] == nil { known[key] = cache?.load(key, width: width) ?? [:] }
    let readable = try findDigests(urls, onFailure: onFailure)
    var seen = Set(known[key]!.keys)
    let missing = readable.filter { seen.insert(digests[$0]!).inserted }
    var unsaved: [String: [Float]] = [:]
    defer {
      // The first error is thrown; a further one while writing the cache is not.
      try? cache?.save(unsaved, key: key, width: width)
    }
    for first in stride(from: 0, to: missing.count, by: batchSize) {
      let all = missing[first..<min(missing.count, first + batchSize)]
      let images = load(Array(all), pass: pass)
      var batch: [URL] = []
      var values: [Tensor] = []
      for (url, image) in zip(all, images) {
        do {
          values.append(try image.get())
          batch.append(url)
        } catch { try onFailure(url, error) }
      }
      if !batch.isEmpty {
        let stack = Tensor.stacked(values)
        let numbers = Autograd.withoutGradients { model.features(of: stack) }.scalars
        for (row, url) in batch.enumerated() {
          let features = Array(numbers[row * width..<(row + 1) * width])
          guard features.allSatisfy(\.isFinite) else {
            try onFailure(
              url,
              TransferError.invalid(
                "\(url.relativePath): the features of this image are not finite"))
            continue
          }
          unsaved[digests[url]!] = features
          known[key]![digests[url]!] = features
        }
      }
      encodedCount += batch.count
      progress?(first + all.count, missing.count)
      if unsaved.count >= Self.writeInterval || first + batchSize >= missing.count {
        let complete = unsaved
        unsaved = [:]
        try cache?.save(complete, key: key, width: width)
      }
    }
  }

  private func load(_ urls: [URL], pass: Int?) -> [Result<Tensor, any Error>] {
    let source = source
    let streams = urls.map { url in
      pass.map { stream.derived(UInt64($0)).derived(digests[url]!) }
    }
    return ThreadPool.map(urls.count) { index in
      Result {
        let image = try source.load(urls[index])
        guard let stream = streams[index] else { return image }
        return source.augment(image, stream)
      }
    }
  }

  /// The readable files, in order.
  private func findDigests(
    _ urls: [URL], onFailure: (URL, any Error) throws -> Void
  ) throws -> [URL] {
    let unknown = Array(Set(urls.filter { digests[$0] == nil })).sorted { $0.path < $1.path }
    let found = ThreadPool.map(unknown.count) { index in
      Result { SHA256.hexDigest([UInt8](try ImageAddress.contents(unknown[index]))) }
    }
    for (url, digest) in zip(unknown, found) {
      if let digest = try? digest.get() {
        digests[url] = digest
      } else {
        let isThere = ImageAddress.exists(url)
        try onFailure(
          url,
          TransferError.invalid(
            "\(url.relativePath): "
              + (isThere ? "the image cannot be read" : "there is no such file")))
      }
    }
    return urls.filter { digests[$0] != nil }
  }
}
