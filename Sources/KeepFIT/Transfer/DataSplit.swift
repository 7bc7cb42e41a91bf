/// The training, validation and test images of one fold.
///
/// Folds are independent random splits, sampled with Python's random generator as published: the same seed
/// gives the same lists. Indices count the manifest's rows from 0.
public struct DataSplit: Sendable, Equatable {
  /// The sizes of a split.
  public struct Options: Sendable, Equatable, Codable {
    /// Training images per class, taken after the test images.
    public var train: SampleCount
    /// Validation images per class, taken last.
    public var validation: SampleCount
    /// Test images per class, taken first.
    public var test: SampleCount
    /// Oversamples training images of smaller classes at random until all classes are of equal size.
    public var balance: Bool

    /// The published defaults: 80 % training, no validation, 20 % test.
    public init(
      train: SampleCount = .percent(80), validation: SampleCount = .percent(0),
      test: SampleCount = .percent(20), balance: Bool = false
    ) {
      self.train = train
      self.validation = validation
      self.test = test
      self.balance = balance
    }

    /// All images are test images, for zero-shot evaluation and external test sets.
    public static let testAll = Options(
      train: .percent(0), validation: .percent(0), test: .percent(100))
  }

  /// Training rows, classes in ascending order. With oversampling some occur several times.
  public var train: [Int]
  /// Validation rows, classes in ascending order.
  public var validation: [Int]
  /// Test rows, classes in ascending order.
  public var test: [Int]
  /// The seed of the split, which is the fold's number.
  public let seed: Int
  /// The state of Python's random generator after sampling, with which adapters shuffle.
  public var random: PythonRandom
  /// Notes on splits that are smaller than requested.
  public var notes: [String]

  /// Samples a split.
  ///
  /// - Parameters:
  ///   - labels: the class of each row, in the manifest's order.
  ///   - seed: the fold's index in published experiments.
  ///   - options: the sizes of the splits.
  ///   - classNames: the names of class 0, 1, …, for messages, and to find classes without images.
  /// - Throws: ``TransferError`` when a class is empty, has a single image that would be needed for both
  ///   training and test, or leaves no image for a requested split.
  public init(
    labels: [Int], seed: Int, options: Options, classNames: [String]
  ) throws(TransferError) {
    var random = PythonRandom(seed: seed)
    var order = Array(labels.indices)
    random.shuffle(&order)

    var train: [[Int]] = []
    var validation: [Int] = []
    var test: [Int] = []
    var notes: [String] = []
    for (label, name) in classNames.enumerated() {
      let members = order.filter { labels[$0] == label }
      try Self.check(members.count, of: name, options: options)
      var rest = members[...]
      func take(_ wanted: SampleCount, _ part: String) -> [Int] {
        let count = wanted.samples(of: members.count)
        if count > rest.count {
          notes.append(Self.shortage(name, left: rest.count, requested: count, part: part))
        }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let parts = (
        test: take(options.test, "test"), train: take(options.train, "training"),
        validation: take(options.validation, "validation")
      )
      for (rows, wanted, part) in [
        (parts.test, options.test, "test"), (parts.train, options.train, "training"),
      ] where rows.isEmpty && !wanted.isZero {
        throw .emptyClass(
          label: name, part: part,
          reason: "\(counted(members.count, "image")), requested: test \(options.test), "
            + "training \(options.train), validation \(options.validation)")
      }
      test += parts.test
      train.append(parts.train)
      validation += parts.validation
    }
    if options.balance { Self.balance(&train, random: &random) }
    self.train = train.flatMap { $0 }
    self.validation = validation
    self.test = test
    self.seed = seed
    self.random = random
    self.notes = notes
  }

  /// A given split, such as the official one of TAOP.
  /// - `seed`: the seed of the random generator with which adapters shuffle.
  public init(train: [Int], validation: [Int] = [], test: [Int], seed: Int) {
    self.init(
      train: train, validation: validation, test: test, seed: seed,
      random: PythonRandom(seed: seed), notes: [])
  }

  init(
    train: [Int], validation: [Int], test: [Int], seed: Int, random: PythonRandom, notes: [String]
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.seed = seed
    self.random = random
    self.notes = notes
  }

  /// The split without the rows for which the predicates are false.
  func keeping(train: (Int) -> Bool, test: (Int) -> Bool) -> DataSplit {
    DataSplit(
      train: self.train.filter(train), validation: validation.filter(train),
      test: self.test.filter(test), seed: seed, random: random, notes: notes)
  }

  /// A note that a class has fewer images left for a split than requested.
  static func shortage(_ name: String, left: Int, requested: Int, part: String) -> String {
    "class '\(name)' has \(counted(left, part + " image")) left, \(requested) requested"
  }

  /// Oversamples rows of smaller classes at random until all classes are of equal size.
  /// - `train`: the rows of each class.
  static func balance(_ train: inout [[Int]], random: inout PythonRandom) {
    let largest = train.map(\.count).max() ?? 0
    for label in train.indices {
      let own = train[label]
      guard !own.isEmpty else { continue }
      for _ in own.count..<largest {
        train[label].append(own[Int(random.uniform() * Double(own.count))])
      }
    }
  }

  static func check(
    _ count: Int, of name: String, options: Options
  ) throws(TransferError) {
    if count == 0 {
      throw .emptyClass(label: name, part: "", reason: "no row of the manifest has this label")
    }
    let trains = !options.train.isZero || !options.validation.isZero
    if count == 1 && trains { throw .singleSampleClass(label: name) }
  }

  /// Equal lists.
  public static func == (first: DataSplit, second: DataSplit) -> Bool {
    first.train == second.train && first.validation == second.validation
      && first.test == second.test
  }
}
