import Foundation

/// Runs pictures through a model's encoder, each picture once.
///
/// Features are kept in memory, and on disk with a cache, so that folds, shots and methods share
/// them. Raw features are kept; the projection head is applied to them when asked for.
public final class FeatureExtractor {
  private let model: any TransferModel
  private let source: PictureSource
  private let cache: FeatureCache?
  private let batchSize: Int
  private let stream: RandomStream
  private var digests: [URL: String] = [:]
  private var known: [FeatureCache.Key: [String: [Float]]] = [:]
  /// Pictures that were run through the encoder, neither in memory nor in the cache before.
  public private(set) var encodedCount = 0
  /// Told about every batch: pictures done and to do.
  public var progress: ((_ done: Int, _ total: Int) -> Void)?

  /// New features between two writes of the cache, so that little is lost with a run that is killed.
  private static let writeInterval = 256

  /// - `batchSize`: pictures encoded at once.
  /// - `seed`: what augmentations are drawn from.
  public init(
    model: any TransferModel, source: PictureSource, cache: FeatureCache? = nil,
    batchSize: Int = 8, seed: UInt64 = 0
  ) {
    precondition(batchSize > 0, "a batch holds at least one picture")
    self.model = model
    self.source = source
    self.cache = cache
    self.batchSize = batchSize
    stream = RandomStream(seed: seed).derived("transfer augmentation")
    augmentation = " seed \(seed)"
  }

  private let augmentation: String

  /// Features of picture files, in their order.
  ///
  /// - `pass`: nil for the pictures as they are; otherwise the number of an augmented pass, whose
  ///   changes depend on the picture and the number alone.
  /// - `projected`: `[N, D]` through the projection head instead of raw `[N, F]`.
  /// - Throws: what loading a picture throws.
  public func features(_ urls: [URL], pass: Int? = nil, projected: Bool) throws -> Tensor {
    let key = FeatureCache.Key(
      model: model.fingerprint,
      preparation: source.identity + (pass.map { " pass \($0)\(augmentation)" } ?? ""))
    try findDigests(urls)
    let width = model.featureCount
    if known[key] == nil { known[key] = cache?.load(key, width: width) ?? [:] }
    var seen = Set(known[key]!.keys)
    let missing = urls.filter { seen.insert(digests[$0]!).inserted }
    var unsaved: [String: [Float]] = [:]
    for first in stride(from: 0, to: missing.count, by: batchSize) {
      let batch = Array(missing[first..<min(missing.count, first + batchSize)])
      let values = try encode(batch, pass: pass).scalars
      for (row, url) in batch.enumerated() {
        let features = Array(values[row * width..<(row + 1) * width])
        guard features.allSatisfy(\.isFinite) else {
          throw TransferError.invalid(
            "\(url.relativePath): the model's features of this picture are not finite")
        }
        unsaved[digests[url]!] = features
        known[key]![digests[url]!] = features
      }
      encodedCount += batch.count
      progress?(first + batch.count, missing.count)
      if unsaved.count >= Self.writeInterval || first + batchSize >= missing.count {
        try cache?.save(unsaved, key: key, width: width)
        unsaved = [:]
      }
    }
    let rows = known[key]!
    let raw = Tensor(urls.flatMap { rows[digests[$0]!]! }, shape: [urls.count, width])
    return projected ? Autograd.withoutGradients { model.projected(raw) } : raw
  }

  private func encode(_ urls: [URL], pass: Int?) throws -> Tensor {
    let source = source
    let streams = urls.map { url in
      pass.map { stream.derived(UInt64($0)).derived(digests[url]!) }
    }
    let pictures = ThreadPool.map(urls.count) { index in
      Result {
        let picture = try source.load(urls[index])
        guard let stream = streams[index] else { return picture }
        return source.augment(picture, stream)
      }
    }
    let batch = Tensor.stacked(try pictures.map { try $0.get() })
    return Autograd.withoutGradients { model.features(of: batch) }
  }

  private func findDigests(_ urls: [URL]) throws {
    let unknown = Array(Set(urls.filter { digests[$0] == nil }))
    let found = ThreadPool.map(unknown.count) { index in
      Result { SHA256.hexDigest([UInt8](try Data(contentsOf: unknown[index]))) }
    }
    for (url, digest) in zip(unknown, found) {
      do {
        digests[url] = try digest.get()
      } catch {
        throw TransferError.invalid("\(url.relativePath): the picture cannot be read")
      }
    }
  }
}
