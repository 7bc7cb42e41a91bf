/// How one method is evaluated on one experiment.
public struct TransferConfiguration: Sendable, Codable, Equatable {
  /// The method.
  public var method: TransferMethod
  /// How each fold's images are chosen. Where the data say which images are for training and which
  /// for testing, `train` is of those for training (100 % for all of them) and `test` does not count.
  public var split = DataSplit.Options()
  /// Takes what a class has where the split asks for more, as published. Otherwise that is an error.
  public var acceptsSmallerParts = false
  /// Independent random splits, with seeds 0, 1, …
  public var folds = 5
  /// Features through the projection head; nil for the method's default.
  public var projectsFeatures: Bool?
  /// Fit-time augmentation: 20 changed passes over the training images in place of a plain one.
  public var augmentsTraining = false
  /// Test-time augmentation: the mean of the logits of 20 changed passes.
  public var augmentsTest = false
  /// As released: TIP-adapters see one changed pass over the test images, never a plain one.
  public var augmentsTIPTest = false
  /// Which table of descriptions the class names were looked up in, for the record.
  public var knowledge = "builtin"
  /// Which classes the confusion matrix has.
  public var classSet = ClassificationMetrics.ClassSet.occurring
  /// Sets drawn for the 95 % intervals; 0 for none.
  public var bootstrapResamples = 1000
  /// Settings of the linear probe.
  public var linearProbe = LinearProbe.Options()
  /// Settings of the CLIP-Adapter.
  public var clipAdapter = CLIPAdapter.Options()
  /// Settings of the TIP-Adapters; the method decides whether keys are trained.
  public var tipAdapter = TIPAdapter.Options()
  /// Settings of fine-tuning.
  public var fineTuning = FineTuning.Options()

  /// The published passes of both augmentations.
  public static let augmentationPasses = 20

  /// The published settings of a method: 80 % to train and 20 % to test in five folds, or, for
  /// zero-shot, everything tested once.
  /// - `officialSplit`: whether the data say what is for training and what for testing. Then all
  ///   that is for training is trained on, once.
  public init(method: TransferMethod, officialSplit: Bool = false) {
    self.method = method
    if officialSplit {
      split.train = .percent(100)
      folds = 1
    }
    if method == .zeroShot {
      split = .testAll
      folds = 1
    }
  }

  /// Whether features go through the projection head.
  public var projects: Bool { projectsFeatures ?? method.projectsByDefault }

  /// Configurations for every method and number of shots: the paper's few-shot table.
  ///
  /// Zero-shot is evaluated once, on the same test images as the others.
  /// - Parameters:
  ///   - methods: what to compare.
  ///   - shots: training images of each class.
  ///   - base: everything else.
  public static func table(
    methods: [TransferMethod], shots: [SampleCount], base: TransferConfiguration
  ) -> [TransferConfiguration] {
    methods.flatMap { method in
      (method.isTrained ? shots : [.percent(0)]).map { shots in
        var configuration = base
        configuration.method = method
        configuration.split.train = shots
        return configuration
      }
    }
  }
}
