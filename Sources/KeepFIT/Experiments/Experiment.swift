import Foundation

/// A classification task to evaluate transfer on.
///
/// As a JSON file: `{"name": "...", "manifest": "rows.csv", "targets": {"label": 0, ...}}` and
/// optionally `"test_manifest"`, `"modality"` (`CFP`, `FFA`, `OCT`) and `"names"`. Paths of manifests are
/// relative to the JSON file unless they are absolute or begin with `~`. Any other key is an error.
public struct Experiment: Sendable, Codable, Equatable {
  /// The name of the experiment and its results.
  public var name: String
  /// The path of the manifest: relative to the experiment's directory, absolute, or below `~`.
  public var manifest: String
  /// The class of each label, 0 to K - 1; inferred from the manifest when absent.
  public var targets: [String: Int]?
  /// Names of labels in prompts and results, for manifests with numbers or codes; labels that are not
  /// listed are used as they are.
  public var names: [String: String]?
  /// With an official split: the manifest of the test images. All of ``manifest`` is used for training.
  public var testManifest: String?
  /// The imaging modality, which determines the prompt; nil if unknown.
  public var modality: ImagingModality?
  /// Whether the classes are ordinal, such as grades, so that kappa is quadratically weighted. If nil,
  /// numeric labels are taken as ordinal.
  public var ordered: Bool? = nil
  /// The label of the positive class, such as a disease, whose sensitivity, specificity and predictive
  /// values are reported; if nil, of two classes the one that does not mean normal.
  public var positive: String? = nil

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, manifest, targets, names, modality, ordered, positive
    case testManifest = "test_manifest"
  }

  /// An experiment.
  public init(
    name: String, manifest: String, targets: [String: Int]?, names: [String: String]? = nil,
    testManifest: String? = nil, modality: ImagingModality? = nil
  ) {
    self.name = name
    self.manifest = manifest
    self.targets = targets
    self.names = names
    self.testManifest = testManifest
    self.modality = modality
  }

  /// Decodes an experiment. `name` and `manifest` are required; unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(
      known: CodingKeys.allCases.map(\.rawValue), in: "an experiment")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    manifest = try container.decode(String.self, forKey: .manifest)
    targets = try container.decodeIfPresent([String: Int].self, forKey: .targets)
    testManifest = try container.decodeIfPresent(String.self, forKey: .testManifest)
    ordered = try container.decodeIfPresent(Bool.self, forKey: .ordered)
    positive = try container.decodeIfPresent(String.self, forKey: .positive)
    if let list = try? container.decodeIfPresent([String].self, forKey: .names) {
      // A list contains the names in the order of the targets.
      guard let targets, Set(targets.values) == Set(list.indices) else {
        throw DecodingError.dataCorruptedError(
          forKey: .names, in: container,
          debugDescription: "a list of 'names' needs 'targets' that number the labels 0 to "
            + "\(list.count - 1); or write {\"label\": \"name\", …}")
      }
      names = targets.mapValues { list[$0] }
    } else {
      names = try container.decodeIfPresent([String: String].self, forKey: .names)
    }
    if let text = try container.decodeIfPresent(String.self, forKey: .modality) {
      guard let known = ImagingModality(named: text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .modality, in: container,
          debugDescription: "the modality must be CFP, FFA or OCT, not '\(text)'")
      }
      modality = known
    }
  }

  /// The labels of classes 0, 1, …, in order.
  /// - Throws: ``TransferError/invalid(_:)`` unless the classes are 0 to K - 1 with one label each.
  static func classNames(_ targets: [String: Int], of name: String) throws(TransferError)
    -> [String]
  {
    let ordered = targets.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    guard ordered.count >= 2 else {
      throw .invalid(
        "experiment '\(name)': at least two classes are needed, found \(ordered.count)")
    }
    guard ordered.map(\.value) == Array(0..<ordered.count) else {
      throw .invalid(
        "experiment '\(name)': the targets must number the labels 0 to \(ordered.count - 1), "
          + "found \(ordered.map { "'\($0.key)': \($0.value)" }.joined(separator: ", "))")
    }
    return ordered.map(\.key)
  }
}

extension Experiment {
  /// The published experiments by name.
  ///
  /// `TAOP_official` is the official split of TAOP, which is commented out in the released code.
  public static let builtin: [Experiment] = {
    let retinopathy = [
      "no diabetic retinopathy", "mild diabetic retinopathy", "moderate diabetic retinopathy",
      "severe diabetic retinopathy", "proliferative diabetic retinopathy",
    ]
    let glaucoma = ["no glaucoma", "glaucoma"]
    let rare = ["normal", "retinitis pigmentosa", "macular hole"]
    let myopia = ["normal", "pathologic myopia", "cataract"]
    let maculopathy = ["cero", "one", "two", "three", "four"].map {
      "myopic maculopathy grade \($0)"
    }
    let degeneration = "age related macular degeneration"
    let grades = ["0c", "1c", "2c", "3c", "4c"]
    func make(_ name: String, _ labels: [String], manifest: String? = nil, test: String? = nil)
      -> Experiment
    {
      var experiment = Experiment(
        name: name, manifest: manifest ?? "\(name).csv",
        targets: Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) }),
        testManifest: test)
      experiment.ordered = [retinopathy, grades, maculopathy].contains(labels)
      return experiment
    }
    return [
      make("02_MESSIDOR", retinopathy), make("AMD", [degeneration, "normal"]),
      make("TAOP", grades, manifest: "TAOP_train.csv"),
      make("TAOP_official", grades, manifest: "TAOP_train.csv", test: "TAOP_test.csv"),
      make("25_REFUGE", glaucoma),
      make("13_FIVES", ["normal", degeneration, "diabetic retinopathy", "glaucoma"]),
      make("08_ODIR200x3", myopia), make("36_ACRIMA", glaucoma),
      make("37_DeepDRiD_train_eval", retinopathy), make("37_DeepDRiD_test", retinopathy),
      make("05_20x3", rare), make("MHL_RP_2", rare), make("CAT_MYA_2", myopia),
      make("CGI_HRDC_Task1", ["no hypertensive", "hypertensive"]),
      make("CGI_HRDC_Task2", ["no hypertensive retinopathy", "hypertensive retinopathy"]),
      make("38_MMAC23A_train", maculopathy), make("38_MMAC23A_test", maculopathy),
      make("38_MMAC23B_test", maculopathy),
    ]
  }()

  /// Whether a name is that of a published experiment.
  public static func isPublishedName(_ text: String) -> Bool {
    builtin.contains { $0.name == text }
  }

  /// Whether this is one of the published experiments, whose data are used as they are.
  var isPublished: Bool {
    Self.builtin.contains { $0.name == name && $0.targets == targets }
  }

  /// The experiment with a given name or file, and the directory of its manifests.
  ///
  /// The manifest of a published experiment is searched for in `directories`. A `.json` file is an
  /// experiment. A `.csv`, `.tsv` or `.jsonl` file is a custom manifest, whose labels are the classes; so is
  /// an image folder (`ImageFolder`).
  /// - Throws: ``TransferError/invalid(_:)`` for an unknown name or an unreadable file.
  public static func find(
    _ text: String, directories: [URL]
  ) throws(TransferError) -> (experiment: Experiment, directory: URL) {
    let url = URL(fileURLWithPath: text)
    let directory = url.deletingLastPathComponent()
    if !isPublishedName(text), FileManager.default.isDirectory(url.path) == true {
      // "." and ".." have no name of their own.
      let isNamed = ![".", ".."].contains(url.lastPathComponent)
      let folder = isNamed ? url : url.standardizedFileURL
      return (
        Experiment(
          name: folder.lastPathComponent, manifest: isNamed ? url.lastPathComponent : folder.path,
          targets: nil), directory
      )
    }
    switch url.pathExtension.lowercased() {
    case "json":
      let experiment = try StrictJSON.decode(
        Experiment.self, contentsOf: url, name: text, what: "the experiment")
      return (experiment, directory)
    case let suffix where ImageList.tableExtensions.contains(suffix):
      let experiment = Experiment(
        name: url.deletingPathExtension().lastPathComponent, manifest: url.lastPathComponent,
        targets: nil)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw .invalid("\(text): there is no such manifest")
      }
      return (experiment, directory)
    default: break
    }
    guard let experiment = builtin.first(where: { $0.name == text }) else {
      let names = builtin.map(\.name).joined(separator: ", ")
      throw .invalid(
        "unknown experiment '\(text)': give a .json or .csv file, an image folder, or one of \(names)"
      )
    }
    for directory in directories {
      let manifest = directory.appendingPathComponent(experiment.manifest)
      if FileManager.default.fileExists(atPath: manifest.path) { return (experiment, directory) }
    }
    let places = directories.map(\.relativePath).joined(separator: ", ")
    throw .invalid("experiment '\(text)' needs \(experiment.manifest), which is not in \(places)")
  }

  /// The URL of a manifest of an experiment that was found in `directory`.
  static func file(_ path: String, in directory: URL) -> URL {
    if path.hasPrefix("/") { return URL(fileURLWithPath: path) }
    if path.hasPrefix("~") {
      return URL(fileURLWithPath: (path as NSString).expandingTildeInPath)
    }
    return directory.appendingPathComponent(path)
  }

  /// The root directory of a manifest's image paths: the given one, or else that of a manifest which is not
  /// below `directory`, or else `directory`.
  static func root(of path: String, in directory: URL, given: URL?) -> URL {
    let isElsewhere = path.hasPrefix("/") || path.hasPrefix("~")
    return given
      ?? (isElsewhere ? file(path, in: directory).deletingLastPathComponent() : directory)
  }
}
