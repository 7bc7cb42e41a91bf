/// Batches of a dataset, shuffled by a seed and prefetched on threads, like PyTorch's `DataLoader`.
///
///     let loader = DataLoader(count: files.count, batchSize: 16, shuffle: RandomStream(seed: 1)) {
///       index, random in try Sample(contentsOf: files[index], augmentedBy: random)
///     }
///     for epoch in 0..<10 {
///       let batches = loader.batches(epoch: epoch)
///       while let samples = try batches.next() { … }
///     }
///
/// Batch k of epoch e depends only on the seed, e and k, so it is the same on any number of threads, and when
/// a run resumes within an epoch.
public struct DataLoader<Sample: Sendable>: Sendable {
  /// The number of samples.
  public let count: Int
  /// The batch size; the last batch of an epoch may be smaller.
  public let batchSize: Int
  /// The random stream that shuffles each epoch; nil for the order of the indices.
  public let shuffle: RandomStream?
  /// Whether a smaller last batch is dropped.
  public let dropsLast: Bool
  private let threads: Int
  private let prefetch: Int
  private let load: @Sendable (Int, RandomStream) throws -> Sample

  /// A loader of samples by their index.
  ///
  /// - Parameters:
  ///   - count: the number of samples.
  ///   - batchSize: the batch size, at least 1.
  ///   - shuffle: the stream that reshuffles each epoch; nil for the order of the indices.
  ///   - dropsLast: whether a smaller last batch is dropped.
  ///   - threads: the number of loading threads, at least 1.
  ///   - prefetch: the number of batches to prefetch, at least 1.
  ///   - load: returns a sample by its index; the random stream, different in each epoch, is for
  ///     augmentation. Called on several threads at a time.
  public init(
    count: Int, batchSize: Int, shuffle: RandomStream? = nil, dropsLast: Bool = false,
    threads: Int = 2, prefetch: Int = 2,
    load: @escaping @Sendable (Int, RandomStream) throws -> Sample
  ) {
    precondition(count >= 0 && batchSize > 0, "\(count) samples in batches of \(batchSize)")
    (self.count, self.batchSize, self.shuffle) = (count, batchSize, shuffle)
    (self.dropsLast, self.threads, self.prefetch) = (dropsLast, threads, prefetch)
    self.load = load
  }

  /// The number of batches per epoch.
  public var batchesPerEpoch: Int {
    dropsLast ? count / batchSize : (count + batchSize - 1) / batchSize
  }

  /// The batches of an epoch, each an array of samples.
  /// - Parameters:
  ///   - epoch: which epoch, counted from 0.
  ///   - batch: the first batch, such as the one where an earlier run stopped.
  public func batches(epoch: Int = 0, startingAt batch: Int = 0) -> OrderedLoader<Epoch> {
    OrderedLoader(
      Epoch(loader: self, epoch: epoch), startingAt: batch, threads: threads, prefetch: prefetch)
  }

  /// The indices of an epoch in its order.
  public func order(epoch: Int) -> [Int] {
    guard let shuffle else { return Array(0..<count) }
    var random = shuffle.derived("order", UInt64(epoch))
    return (0..<count).shuffled(using: &random)
  }

  /// What is loaded in an epoch.
  public struct Epoch: LoadingPlan {
    fileprivate let loader: DataLoader
    fileprivate let epoch: Int
    private let order: [Int]

    fileprivate init(loader: DataLoader, epoch: Int) {
      (self.loader, self.epoch) = (loader, epoch)
      order = loader.order(epoch: epoch)
    }

    /// The indices of a batch.
    public func draws(step: Int) -> [Int]? {
      guard step < loader.batchesPerEpoch else { return nil }
      let first = step * loader.batchSize
      return Array(order[first..<min(loader.count, first + loader.batchSize)])
    }

    /// One sample.
    public func load(_ index: Int, step: Int) throws -> Sample {
      let random = loader.shuffle ?? RandomStream(seed: 0)
      return try loader.load(
        index, random.derived("sample").derived(UInt64(epoch), UInt64(index)))
    }

    /// The samples as they are.
    public func collate(_ samples: [Sample], draws: [Int], step: Int) -> [Sample] { samples }
  }
}
