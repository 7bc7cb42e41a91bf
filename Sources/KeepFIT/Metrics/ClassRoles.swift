/// What the classes of a task mean to each other: whether they are grades in an order, and which one is
/// the disease that is looked for.
public struct ClassRoles: Sendable, Codable, Equatable {
  /// Whether the numbers of the classes are an order, as of grades: kappa is quadratically weighted.
  public var areOrdered: Bool
  /// The class whose sensitivity, specificity and predictive values are reported; nil for none.
  public var positive: Int?
  /// Scores that the released code gives beside the others.
  public var published: Published
  /// What was decided without being told, for people.
  public var notes: [String] = []

  /// Which scores of the released code are reproduced.
  public enum Published: String, Sendable, Codable {
    /// None: a task of one's own.
    case none
    /// Quadratic kappa over the numbers of the targets, whether they are an order or not.
    case experiment
    /// The same and the threshold search of the AMD experiment, for class 1 of two.
    case amd
  }

  /// Roles that are known.
  public init(areOrdered: Bool = false, positive: Int? = nil, published: Published = .none) {
    self.areOrdered = areOrdered
    self.positive = positive
    self.published = published
  }

  /// Roles from what was said, and from the names where nothing was.
  ///
  /// Labels that are numbers are ordered by number. Of two classes the one that is not called normal,
  /// healthy, negative, 0 or "no ..." is the positive one; where the names do not tell, the second.
  /// - Parameters:
  ///   - classes: the label of each class.
  ///   - ordered: whether the classes have an order; nil when nobody said so.
  ///   - name: the label of the positive class; nil when nobody named one.
  ///   - published: which scores of the released code are reproduced.
  /// - Throws: ``TransferError/invalid(_:)`` when no class has that label.
  public init(
    classes: [String], ordered: Bool?, positive name: String?, published: Published = .none
  ) throws(TransferError) {
    self.published = published
    let areNumbers = classes.count > 2 && classes.allSatisfy { Double($0) != nil }
    areOrdered = ordered ?? areNumbers
    if ordered == nil && areNumbers {
      notes.append("labels are numbers: kappa takes them as grades in their order")
    }
    if let name {
      guard let index = classes.firstIndex(of: name) else {
        throw .invalid(
          "the positive class '\(name)' is none of "
            + classes.map { "'\($0)'" }.joined(separator: ", "))
      }
      positive = index
    } else if classes.count == 2 {
      let diseases = classes.indices.filter { !Self.isNegative(classes[$0]) }
      positive = diseases.count == 1 ? diseases[0] : 1
      if diseases.count != 1 {
        notes.append(
          "the labels do not tell which class is the disease: '\(classes[1])' is taken as positive "
            + "(--positive names another)")
      }
    }
  }

  /// Whether a label names the absence of a disease.
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
  /// - Throws: ``TransferError/invalid(_:)`` when the positive class is none, or when an order is
  ///   claimed for labels that nobody numbered.
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
