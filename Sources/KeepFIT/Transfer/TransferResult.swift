import Foundation

/// The results of a method on an experiment: an entry of `results.json`.
public struct TransferResult: Sendable, Codable {
  /// The results of a fold.
  public struct Fold: Sendable, Codable {
    /// The fold's number, which is its seed.
    public var fold: Int
    /// All scores by their published names.
    public var metrics: [String: MetricValue]
    /// 95 % confidence intervals of some scores.
    public var intervals: [String: ConfidenceInterval]
    /// The paths of the test images.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The predicted probabilities, `[N, K]`.
    public var probabilities: [[Float]]
    /// The number of training images.
    public var trainingCount: Int
    /// The number of validation images used for model selection; nil in files of earlier versions.
    public var validationCount: Int?
    /// The overlap of test images with training and validation images; nil for methods without training, and in
    /// files of earlier versions.
    public var overlap: Overlap?
    /// The group of each test image, such as its patient, if groups were requested.
    public var groups: [String]?
    /// Notes on splits that are smaller than requested.
    public var notes: [String]
    /// The results on external test sets by name.
    public var external: [String: External]?
    /// The detection scores of the positive class; nil if there is none.
    public var positive: DetectionScores? = nil
    /// The reasons why scores are undefined, by name; nil in files of earlier versions.
    public var undefined: [String: String]? = nil
    /// The fitted temperature and its effect; nil for none. ``probabilities`` are those with it.
    public var temperature: TemperatureEffect? = nil

    private enum CodingKeys: String, CodingKey {
      case fold, metrics, intervals, labels, probabilities, notes, external, positive, undefined
      case overlap, groups, temperature
      case testImages = "test_images"
      case trainingCount = "training_count"
      case validationCount = "validation_count"
    }

    /// The predictions, for curves and matrices.
    public func predictions() throws -> Predictions {
      try Predictions(labels: labels, rows: probabilities)
    }
  }

  /// The overlap of a fold's test images with its training and validation images.
  public struct Overlap: Sendable, Codable, Equatable {
    /// The number of test images with the same content as a training or validation image.
    public var identicalImages: Int
    /// The criterion of the groups, requested or suggested by the manifest; nil if there are no groups.
    public var groupedBy: ImageGrouping?
    /// Whether the split keeps these groups together.
    public var isGrouped: Bool?
    /// The number of groups among the test images.
    public var testGroups: Int?
    /// The number of these groups that also have training or validation images.
    public var sharedGroups: Int?
    /// The number of test images in these shared groups.
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

  /// The results of a fold on an external test set.
  public struct External: Sendable, Codable {
    /// All scores by their published names.
    public var metrics: [String: MetricValue]
    /// The paths of the images.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The predicted probabilities, `[N, K]`.
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
  /// The configuration.
  public var configuration: TransferConfiguration
  /// The label of each class.
  public var classes: [String]
  /// The fingerprint of the model.
  public var model: String
  /// The prompt template; nil for methods without text, and in files of earlier versions.
  public var prompt: ClassPrompt?
  /// The results of each fold.
  public var folds: [Fold]
  /// The mean of each score over folds, rounded as published.
  public var mean: [String: MetricValue]
  /// The population standard deviation of each score over folds, rounded as published.
  public var std: [String: MetricValue]
  /// Scores without a mean, because a class is missing from some folds.
  public var omitted: [String]
  /// Mean and standard deviation on external test sets by name.
  public var external: [String: FoldSummary]?
  /// The time of fitting and prediction in seconds, without feature extraction.
  public var seconds: Double
  /// The weights of `kappa`; nil in files of earlier versions, where it is quadratic.
  public var kappaWeights: KappaWeights? = nil
  /// The detection scores of the positive class over all folds; nil if there is none.
  public var positive: DetectionScores? = nil
  /// 95 % confidence intervals of some scores over the test images of all folds, each image or group once.
  public var intervals: [String: ConfidenceInterval]? = nil
  /// The reasons why scores have no mean, by name.
  public var undefined: [String: String]? = nil

  private enum CodingKeys: String, CodingKey {
    case experiment, method, configuration, classes, model, folds, mean, std, omitted, external
    case seconds, positive, intervals, undefined, prompt
    case kappaWeights = "kappa_weights"
  }
}
