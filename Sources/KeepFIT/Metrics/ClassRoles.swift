/// The roles of the classes of a task: whether they are ordinal, and which one is positive.
public struct ClassRoles: Sendable, Codable, Equatable {
  /// Whether the classes are ordinal, such as grades, so that kappa is quadratically weighted.
  public var areOrdered: Bool
  /// The class whose sensitivity, specificity and predictive values are reported; nil for none.
  public var positive: Int?
  /// Additional scores of the released code.
  public var published: Published
  /// Notes on roles that were inferred.
  public var notes: [String] = []

  /// Which scores of the released code are reproduced.
  public enum Published: String, Sendable, Codable {
    /// None, for a custom task.
    case none
    /// Quadratic kappa over the numbers of the targets, whether they are ordinal or not.
    case experiment
    /// The same and the threshold search of the AMD experiment, for class 1 of two.
    case amd
  }

  /// Roles given directly.
  public init(areOrdered: Bool = false, positive: Int? = nil, published: Published = .none) {
    self.areOrdered = areOrdered
    self.positive = positive
    self.published = published
  }

  /// Roles as specified, or inferred from the class names.
  ///
  /// Numeric labels are ordinal. Of two classes, the one that is not normal, healthy, negative, 0 or
  /// "no ..." is positive; if the names do not tell, the second one.
  /// - Parameters:
  ///   - classes: the label of each class.
  ///   - ordered: whether the classes are ordinal; nil to infer it.
  ///   - name: the label of the positive class; nil to infer it.
  ///   - published: which scores of the released code are reproduced.
  /// - Throws: ``TransferError/invalid(_:)`` when no class has that label.
  public init(
    classes: [String], ordered: Bool?, positive name: String?, published: Published = .none
  ) throws(TransferError) {
    self.published = published
    let areNumbers = classes.count > 2 && classes.allSatisfy { Double($0) != nil }
    areOrdered = ordered ?? areNumbers
    if ordered == nil && areNumbers {
      notes.append("labels are numeric: kappa treats them as ordinal grades")
    }
    if let name {
      guard let index = classes.firstIndex(of: name) else {
        throw .invalid(
          "the positive class '\(name)' is not among "
            + classes.map { "'\($0)'" }.joined(separator: ", "))
      }
      positive = index
    } else if classes.count == 2 {
      let diseases = classes.indices.filter { !Self.isNegative(classes[$0]) }
      positive = diseases.count == 1 ? diseases[0] : 1
      if diseases.count != 1 {
        notes.append(
          "the labels do not show which class is the disease: '\(classes[1])' is used as the positive class "
            + "(--positive selects another one)")
      }
    }
  }

  /// The label of the absence of a finding.
  static func absence(of finding: String) -> String { "no \(finding)" }

  /// Whether a label means the absence of a disease.
  static func isNegative(_ label: String) -> Bool {
    let words = label.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    guard let first = words.first else { return false }
    let alone: Set = [
      "0", "absent", "control", "false", "healthy", "negative", "no", "none", "normal",
    ]
    if words.count == 1 && alone.contains(first) { return true }
    if ["no", "non", "not", "without"].contains(first) { return true }
    // "normal fundus", but not "normal tension glaucoma".
    let plain: Set = [
      "control", "controls", "eye", "eyes", "fundus", "image", "macula", "retina", "subject",
    ]
    return ["normal", "healthy"].contains(first) && words.dropFirst().allSatisfy(plain.contains)
  }
}

extension ClassRoles {
  /// Roles of an experiment's classes.
  /// - Throws: ``TransferError/invalid(_:)`` when the positive class does not exist, or when `ordered` is
  ///   set without targets.
  init(_ experiment: Experiment, classes: [String]) throws(TransferError) {
    if experiment.ordered == true, experiment.targets == nil,
      !classes.allSatisfy({ Double($0) != nil })
    {
      throw .invalid(
        "experiment '\(experiment.name)': \"ordered\" needs \"targets\" that number the labels in "
          + "their order; without them they are in alphabetical order")
    }
    let builtin = Experiment.builtin.first {
      $0.name == experiment.name && $0.targets == experiment.targets
    }
    try self.init(
      classes: classes, ordered: experiment.ordered, positive: experiment.positive,
      published: builtin == nil ? .none : builtin?.name == "AMD" ? .amd : .experiment)
  }
}
