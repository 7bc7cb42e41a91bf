/// Samples all datasets equally often, regardless of size: FLAIR's "balance" (specification 4.6).
///
/// The datasets are sorted by name; item i of an epoch comes from dataset i mod G and is a uniform random
/// row of it, with replacement; an epoch has as many items as there are rows.
public struct UniformDatasetSampler: BatchSampler {
  private let groups: [[Int]]
  private let seed: UInt64
  /// Shuffles the items; nil to keep the datasets in turn.
  private let shuffle: ShuffledSampler?
  private let count: Int

  /// Creates a sampler over rows with the given dataset names (``PairDataset/groups``).
  /// - `shuffled`: whether items are in random order, as in FLAIR's loader, or with the datasets in turn.
  public init(groups names: [String], seed: UInt64, shuffled: Bool = true) {
    precondition(!names.isEmpty, "nothing to sample from")
    let members = Dictionary(grouping: names.indices, by: { names[$0] })
    groups = members.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      .map { members[$0]! }
    count = names.count
    self.seed = seed
    shuffle = shuffled ? ShuffledSampler(count: names.count, seed: seed) : nil
  }

  /// The number of rows, padded to a multiple of the ranks.
  public func drawCount(ranks: Int) -> Int { (count + ranks - 1) / ranks * ranks }

  /// A random row of the next dataset.
  public func index(epoch: Int, position: Int) -> Int {
    let item = shuffle?.index(epoch: epoch, position: position) ?? position
    let group = groups[item % groups.count]
    var random = SampleDraw.stream(seed: seed, use: "uniform", epoch: epoch, position: position)
    return group[random.index(below: group.count)]
  }
}
