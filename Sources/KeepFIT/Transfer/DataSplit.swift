/// Which images of a manifest one fold trains on, validates on and tests.
///
/// Folds are independent random splits, drawn with Python's generator as published: the same seed
/// gives the same lists. Positions count the manifest's rows from 0.
public struct DataSplit: Sendable, Equatable {
  /// How a split is drawn.
  public struct Options: Sendable, Equatable, Codable {
    /// Images of each class to train on, taken after those to test.
    public var train: SampleCount
    /// Images of each class to validate on, taken last.
    public var validation: SampleCount
    /// Images of each class to test, taken first.
    public var test: SampleCount
    /// Repeats training images of smaller classes at random until all are as large.
    public var balance: Bool

    /// The published defaults: 80 % to train, none to validate, 20 % to test.
    public init(
      train: SampleCount = .percent(80), validation: SampleCount = .percent(0),
      test: SampleCount = .percent(20), balance: Bool = false
    ) {
      self.train = train
      self.validation = validation
      self.test = test
      self.balance = balance
    }

    /// Everything is tested, for zero-shot evaluation and external test sets.
    public static let testAll = Options(
      train: .percent(0), validation: .percent(0), test: .percent(100))
  }

  /// Rows to train on, classes in ascending order. With balancing some occur several times.
  public var train: [Int]
  /// Rows to validate on, classes in ascending order.
  public var validation: [Int]
  /// Rows to test, classes in ascending order.
  public var test: [Int]
  /// What the split was drawn from: the fold's number.
  public let seed: Int
  /// Python's generator as the split leaves it: adapters shuffle with it next.
  public var random: PythonRandom
  /// Parts that came out smaller than asked, in words.
  public var notes: [String]

  /// Draws a split.
  ///
  /// - Parameters:
  ///   - labels: the class of each row, in the manifest's order.
  ///   - seed: the fold's index in published experiments.
  ///   - options: how much goes where.
  ///   - classNames: of class 0, 1, …; for messages, and to find classes without images.
  /// - Throws: ``TransferError`` when a class is empty, has a single image that would have to be
  ///   both trained on and tested, or leaves nothing for a part that was asked for.
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
          notes.append("class '\(name)': \(rest.count) instead of \(count) images to \(part)")
        }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let parts = (
        test: take(options.test, "test"), train: take(options.train, "train"),
        validation: take(options.validation, "validate")
      )
      for (rows, wanted, part) in [
        (parts.test, options.test, "test"), (parts.train, options.train, "train on"),
      ] where rows.isEmpty && !wanted.isZero {
        throw .emptyClass(
          label: name, part: part,
          reason: "of \(members.count) the split tests \(options.test), trains on "
            + "\(options.train) and validates on \(options.validation)")
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

  /// A split that is given, as the official one of TAOP.
  /// - `seed`: for the generator that adapters shuffle with.
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

  /// The split without the rows for which the answers are false.
  func keeping(train: (Int) -> Bool, test: (Int) -> Bool) -> DataSplit {
    DataSplit(
      train: self.train.filter(train), validation: validation.filter(train),
      test: self.test.filter(test), seed: seed, random: random, notes: notes)
  }

  /// Repeats rows of smaller classes at random until all are as large.
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
      throw .emptyClass(label: name, part: "use", reason: "no row of the manifest has this label")
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
