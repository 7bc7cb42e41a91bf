/// As many rows from each dataset, however large: FLAIR's "balance" (specification 4.6).
///
/// The datasets are sorted by name; item i of an epoch comes from dataset i mod G and is a uniform random
/// row of it, with replacement; an epoch has as many items as there are rows.
public struct UniformDatasetSampler: BatchSampler {
  private let groups: [[Int]]
  private let seed: UInt64
  /// Orders the items; nil leaves the datasets in turn.
  private let shuffle: ShuffledSampler?
  private let count: Int

  /// A sampler over rows with the given dataset names (``PairDataset/groups``).
  /// - `shuffled`: whether items come in random order, as FLAIR's loader gives them, or one
  ///   dataset after the other.
  public init(groups names: [String], seed: UInt64, shuffled: Bool = true) {
    precondition(!names.isEmpty, "nothing to sample from")
    let members = Dictionary(grouping: names.indices, by: { names[$0] })
    groups = members.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      .map { members[$0]! }
    count = names.count
    self.seed = seed
    shuffle = shuffled ? ShuffledSampler(count: names.count, seed: seed) : nil
  }

  /// The number of rows, filled up to a multiple of the ranks.
  public func drawCount(ranks: Int) -> Int { (count + ranks - 1) / ranks * ranks }

  /// A random row of the dataset whose turn it is.
  public func index(epoch: Int, position: Int) -> Int {
    let item = shuffle?.index(epoch: epoch, position: position) ?? position
    let group = groups[item % groups.count]
    var random = SampleDraw.stream(seed: seed, use: "uniform", epoch: epoch, position: position)
    return group[random.index(below: group.count)]
  }
}
