import Foundation

/// The configuration of a method on an experiment.
public struct TransferConfiguration: Sendable, Codable, Equatable {
  /// The method.
  public var method: TransferMethod
  /// The split of each fold. If the data define an official split, `train` refers to its training images
  /// (100 % for all of them) and `test` is ignored.
  public var split = DataSplit.Options()
  /// Accepts classes with fewer images than the split requests, as published. Otherwise this is an error.
  public var acceptsSmallerParts = false
  /// The number of independent random splits, with seeds 0, 1, …
  public var folds = 5
  /// Whether to use projected features; nil for the method's default.
  public var projectsFeatures: Bool?
  /// Training augmentation: 20 augmented passes over the training images instead of a plain one.
  public var augmentsTraining = false
  /// Test-time augmentation: the mean logits of 20 augmented passes.
  public var augmentsTest = false
  /// As in the released code: TIP-Adapters test on one augmented pass instead of the original images.
  public var augmentsTIPTest = false
  /// Fits a temperature on validation images, for methods that are trained; nil for no.
  public var fitsTemperature: Bool?
  /// The name of the knowledge table, for the record.
  public var knowledge = "builtin"
  /// The classes of the confusion matrix.
  public var classSet = ClassificationMetrics.ClassSet.occurring
  /// The number of resamples for the 95 % confidence intervals; 0 for no intervals.
  public var bootstrapResamples = 1000
  /// Settings of the linear probe.
  public var linearProbe = LinearProbe.Options()
  /// Settings of the CLIP-Adapter.
  public var clipAdapter = CLIPAdapter.Options()
  /// Settings of the TIP-Adapters; the method determines whether keys are trained.
  public var tipAdapter = TIPAdapter.Options()
  /// Settings of fine-tuning.
  public var fineTuning = FineTuning.Options()

  /// The published number of augmented passes.
  public static let augmentationPasses = 20

  /// The published settings of a method: 80 % training and 20 % test images in five folds, or, for zero-shot,
  /// all images as test images in one fold.
  /// - `officialSplit`: whether the data define a split; then all training images are used, in one fold.
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

  /// Whether projected features are used.
  public var projects: Bool { projectsFeatures ?? method.projectsByDefault }

  /// The passes over the training images, each with its own augmentation; nil for one without.
  var trainingPasses: [Int?] {
    augmentsTraining ? (0..<Self.augmentationPasses).map { $0 } : [nil]
  }

  /// The location of the adapter of a fold.
  func adapterFolder(in directory: URL, fold: Int) -> URL {
    let shots = split.train.description.replacingOccurrences(of: "%", with: "percent")
    return directory.appendingPathComponent("\(method.rawValue)-\(shots)")
      .appendingPathComponent("fold\(fold)")
  }

  /// Configurations for every method and number of shots: the paper's few-shot table.
  ///
  /// Zero-shot is evaluated once, on the same test images as the other methods.
  /// - Parameters:
  ///   - methods: the methods to compare.
  ///   - shots: the numbers of training images per class.
  ///   - base: all other settings.
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
