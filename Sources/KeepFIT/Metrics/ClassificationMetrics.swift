/// The published scores of one fold, and a few more.
///
/// Per-class scores and the scores derived from the confusion matrix are rounded to three decimals, as in
/// the published evaluation before averaging; the others are not rounded.
public struct ClassificationMetrics: Sendable, Codable, Equatable {
  /// The classes of the confusion matrix.
  public enum ClassSet: String, Sendable, Codable {
    /// Those that occur as true or predicted label, as published. A missing class shortens the distances in
    /// quadratic kappa.
    case occurring
    /// All K classes, whether they occur or not.
    case all
  }

  /// The confusion matrix of true and predicted classes.
  public let confusion: ConfusionMatrix
  /// Classes that occur as true label, ascending: the classes of the per-class scores.
  public let classes: [Int]
  /// `acc_class`: the accuracy (recall) of each class of ``confusion``; nil for a class without test images.
  public let accuracyByClass: [Double?]
  /// `aca`: balanced accuracy (macro recall), the mean of the unrounded class recalls over the classes with
  /// test images. Always defined.
  public let averageClassAccuracy: Double
  /// The weights of ``kappa``.
  public let kappaWeights: KappaWeights
  /// `kappa`: Cohen's kappa, quadratically weighted for ordinal classes, unweighted otherwise. Nil if all
  /// true and predicted labels are the same class.
  public let kappa: Double?
  /// `kappa_unweighted`, and `kappa_quadratic` as in the released code. Absent if equal to ``kappa``.
  public let otherKappas: [KappaWeights: Double?]
  /// `sensitivity_class`: recall.
  public let sensitivityByClass: [Double?]
  /// `specificity_class`; nil if every image is of the class.
  public let specificityByClass: [Double?]
  /// `f1_class`.
  public let f1ByClass: [Double]
  /// `auc_class`: area under the ROC curve, ties counted half; nil if every image is of the class.
  public let aucByClass: [Double?]
  /// `accuracy` (published as `TAOP_acc`): the fraction of correct predictions, not rounded.
  public let accuracy: Double
  /// `average_precision_class`, not rounded, not part of the published evaluation.
  public let averagePrecisionByClass: [Double?]
  /// `ece`: expected calibration error over 15 bins of equal width (``Calibration``), not part of the
  /// published evaluation.
  public let expectedCalibrationError: Double
  /// The published scores of the AMD experiment, for that experiment only.
  public let amd: AMD?

  /// The scores of the AMD experiment, for class 1, not rounded.
  public struct AMD: Sendable, Codable, Equatable {
    /// `AMD_auc`: area under the ROC curve; nil if only one class occurs.
    public let auc: Double?
    /// `AMD_kappa`, `AMD_f1`, `AMD_threshold`: the threshold is searched on the test images,
    /// which is optimistic.
    public let onTest: ThresholdSweep
    /// `AMD_train_kappa`, `AMD_train_f1`, `AMD_train_threshold`: the threshold is searched on the
    /// training images. Absent without them.
    public let onTraining: ThresholdSweep?
  }

  /// `auc_avg`: the mean of the rounded class values.
  public var auc: Double? { PublishedArithmetic.mean(defined: aucByClass) }
  /// `f1_avg`: the mean of the rounded class values.
  public var f1: Double { PublishedArithmetic.mean(f1ByClass) }
  /// `sensitivity_avg`: the mean of the rounded class values.
  public var sensitivity: Double? { PublishedArithmetic.mean(defined: sensitivityByClass) }
  /// `specificity_avg`: the mean of the rounded class values.
  public var specificity: Double? { PublishedArithmetic.mean(defined: specificityByClass) }

  /// Scores predictions.
  /// - Parameters:
  ///   - predictions: predictions of the test images.
  ///   - training: predictions of the training images by the same method, for a threshold that is
  ///     independent of the test images.
  ///   - classSet: the classes of the confusion matrix.
  ///   - roles: whether the classes are ordinal, and which published scores to include.
  public init(
    _ predictions: Predictions, training: Predictions? = nil, classSet: ClassSet = .occurring,
    roles: ClassRoles = ClassRoles()
  ) {
    let predicted = predictions.predicted
    let round = PublishedArithmetic.roundThousandths
    let confusion = ConfusionMatrix(
      truth: predictions.labels, predicted: predicted,
      classes: classSet == .all ? Array(0..<predictions.classCount) : nil)
    self.confusion = confusion
    let normalized = confusion.normalized
    let diagonal = normalized.indices.map { normalized[$0][$0] }
    accuracyByClass = diagonal.map { $0.map(round) }
    averageClassAccuracy = round(PublishedArithmetic.mean(diagonal.compactMap { $0 }))
    let weights = roles.areOrdered ? KappaWeights.quadratic : .none
    kappaWeights = weights
    kappa = confusion.kappa(weights).map(round)
    let others: [KappaWeights] =
      weights == .quadratic ? [.none, .quadratic] : roles.published == .none ? [] : [.quadratic]
    otherKappas = Dictionary(
      uniqueKeysWithValues: others.map { ($0, confusion.kappa($0).map(round)) })

    classes = Set(predictions.labels).sorted()
    var sensitivity: [Double?] = []
    var specificity: [Double?] = []
    var f1: [Double] = []
    var auc: [Double?] = []
    var precision: [Double?] = []
    for label in classes {
      let truth = predictions.labels.map { $0 == label }
      let counts = BinaryCounts(truth: truth, called: predicted.map { $0 == label })
      let curves = RankCurves(truth: truth, scores: predictions.column(label))
      sensitivity.append(counts.sensitivity.map(round))
      specificity.append(counts.specificity.map(round))
      f1.append(round(counts.f1))
      auc.append(curves.areaUnderROC.map(round))
      precision.append(curves.averagePrecision)
    }
    sensitivityByClass = sensitivity
    specificityByClass = specificity
    f1ByClass = f1
    aucByClass = auc
    averagePrecisionByClass = precision
    let hits = zip(predictions.labels, predicted).count { $0 == $1 }
    accuracy = Double(hits) / Double(predictions.count)
    expectedCalibrationError = Calibration(predictions).expectedError
    amd =
      roles.published == .amd && predictions.classCount == 2
      ? AMD(predictions, training: training) : nil
  }

  /// All scores by their published names, in a fixed order.
  public var values: [(name: String, value: MetricValue)] {
    var result: [(name: String, value: MetricValue)] = [
      ("aca", .scalar(averageClassAccuracy)), ("acc_class", .vector(accuracyByClass)),
      ("kappa", .scalar(kappa)), ("auc_avg", .scalar(auc)), ("f1_avg", .scalar(f1)),
      ("sensitivity_avg", .scalar(sensitivity)), ("specificity_avg", .scalar(specificity)),
      ("auc_class", .vector(aucByClass)), ("f1_class", .vector(f1ByClass)),
      ("sensitivity_class", .vector(sensitivityByClass)),
      ("specificity_class", .vector(specificityByClass)),
      ("cm", .matrix(confusion.counts.map { $0.map { Double($0) } })),
      ("cm_norm", .matrix(confusion.normalized)), ("TAOP_acc", .scalar(accuracy)),
      ("accuracy", .scalar(accuracy)),
      ("average_precision_class", .vector(averagePrecisionByClass)),
      ("ece", .scalar(expectedCalibrationError)),
    ]
    for (weights, name) in [
      (KappaWeights.none, "kappa_unweighted"), (.quadratic, "kappa_quadratic"),
    ] {
      if let value = otherKappas[weights] { result.append((name, .scalar(value))) }
    }
    if let amd {
      result += [
        ("AMD_auc", .scalar(amd.auc)), ("AMD_kappa", .scalar(amd.onTest.kappa)),
        ("AMD_f1", .scalar(amd.onTest.f1)), ("AMD_threshold", .scalar(amd.onTest.threshold)),
      ]
      if let training = amd.onTraining {
        result += [
          ("AMD_train_kappa", .scalar(training.kappa)), ("AMD_train_f1", .scalar(training.f1)),
          ("AMD_train_threshold", .scalar(training.threshold)),
        ]
      }
    }
    return result
  }

  /// The reasons why scores are undefined (`null` in JSON), by name.
  public var undefined: [String: String] {
    var reasons: [String: String] = [:]
    for (name, value) in values where !value.isDefined {
      let isOfClass = ["acc_class", "cm_norm"].contains(name)
      reasons[name] = isOfClass ? "a predicted class has no test image" : "only one class occurs"
    }
    return reasons
  }
}

extension ClassificationMetrics.AMD {
  fileprivate init(_ predictions: Predictions, training: Predictions?) {
    auc =
      RankCurves(truth: predictions.labels.map { $0 == 1 }, scores: predictions.column(1))
      .areaUnderROC
    onTest = .best(on: predictions)
    onTraining = training.map { .apply(ThresholdSweep.best(on: $0).threshold, to: predictions) }
  }
}
