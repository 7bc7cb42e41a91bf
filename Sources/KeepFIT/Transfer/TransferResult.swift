import Foundation

/// What one method reached on one experiment: the content of `results.json`.
public struct TransferResult: Sendable, Codable {
  /// One fold.
  public struct Fold: Sendable, Codable {
    /// The fold's number, its seed.
    public var fold: Int
    /// Every score by its published name.
    public var metrics: [String: MetricValue]
    /// 95 % intervals of some scores.
    public var intervals: [String: ConfidenceInterval]
    /// The test images' paths.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The probabilities of every class, `[N, K]`.
    public var probabilities: [[Float]]
    /// The number of training images.
    public var trainingCount: Int
    /// The number of validation images that the best epoch was chosen by; nil in files of earlier
    /// versions.
    public var validationCount: Int?
    /// What the test images share with those that were fitted on; nil for methods that are not, and
    /// in files of earlier versions.
    public var overlap: Overlap?
    /// The group of each test image, such as its patient, where groups were asked for.
    public var groups: [String]?
    /// Parts of the split that came out smaller than asked.
    public var notes: [String]
    /// Scores on other manifests by their names.
    public var external: [String: External]?
    /// How well the positive class is told from the others; nil where there is none.
    public var positive: DetectionScores? = nil
    /// Why a score is undefined, by its name; nil in files of earlier versions.
    public var undefined: [String: String]? = nil

    private enum CodingKeys: String, CodingKey {
      case fold, metrics, intervals, labels, probabilities, notes, external, positive, undefined
      case overlap, groups
      case testImages = "test_images"
      case trainingCount = "training_count"
      case validationCount = "validation_count"
    }

    /// The predictions, for curves and matrices.
    public func predictions() throws -> Predictions {
      try Predictions(labels: labels, rows: probabilities)
    }
  }

  /// What a fold's test images share with those to train or validate on.
  public struct Overlap: Sendable, Codable, Equatable {
    /// Test images whose files have the same content as one that was fitted on.
    public var identicalImages: Int
    /// What groups go by, asked for or suggested by the manifest; nil where nothing says so.
    public var groupedBy: ImageGrouping?
    /// Whether the split was drawn so that it leaves these groups whole.
    public var isGrouped: Bool?
    /// Groups among the test images.
    public var testGroups: Int?
    /// Those of them that also have images that were fitted on.
    public var sharedGroups: Int?
    /// Test images of these shared groups.
    public var imagesOfSharedGroups: Int?

    init(identicalImages: Int) { self.identicalImages = identicalImages }

    private enum CodingKeys: String, CodingKey {
      case identicalImages = "identical_images"
      case groupedBy = "grouped_by"
      case isGrouped = "is_grouped"
      case testGroups = "test_groups"
      case sharedGroups = "shared_groups"
      case imagesOfSharedGroups = "images_of_shared_groups"
    }
  }

  /// One fold's scores on the images of another manifest.
  public struct External: Sendable, Codable {
    /// Every score by its published name.
    public var metrics: [String: MetricValue]
    /// The images' paths.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The probabilities of every class, `[N, K]`.
    public var probabilities: [[Float]]

    private enum CodingKeys: String, CodingKey {
      case metrics, labels, probabilities
      case testImages = "test_images"
    }
  }

  /// The experiment's name.
  public var experiment: String
  /// The method.
  public var method: TransferMethod
  /// Everything that was set.
  public var configuration: TransferConfiguration
  /// The label of each class.
  public var classes: [String]
  /// The fingerprint of the model.
  public var model: String
  /// The sentence for the class names; nil for methods without text, and in files of earlier versions.
  public var prompt: ClassPrompt?
  /// One for each fold.
  public var folds: [Fold]
  /// Mean of each score over the folds, rounded as published.
  public var mean: [String: MetricValue]
  /// Population standard deviation of each score over the folds, rounded as published.
  public var std: [String: MetricValue]
  /// Scores without a mean, because some folds lack a class.
  public var omitted: [String]
  /// Mean and deviation on other manifests by their names.
  public var external: [String: FoldSummary]?
  /// Seconds of fitting and predicting, without the extraction of features.
  public var seconds: Double
  /// The weights of `kappa`; nil in files of earlier versions, where it is quadratic.
  public var kappaWeights: KappaWeights? = nil
  /// How well the positive class is told from the others, over all folds; nil where there is none.
  public var positive: DetectionScores? = nil
  /// 95 % intervals of some scores over the test images of all folds, each image or group once.
  public var intervals: [String: ConfidenceInterval]? = nil
  /// Why a score has no mean, by its name.
  public var undefined: [String: String]? = nil

  private enum CodingKeys: String, CodingKey {
    case experiment, method, configuration, classes, model, folds, mean, std, omitted, external
    case seconds, positive, intervals, undefined, prompt
    case kappaWeights = "kappa_weights"
  }
}
