import Foundation

/// An experiment with its images, found and checked.
public struct ExperimentData: Sendable {
  /// The experiment, with the modality that its manifest states where it states none itself.
  public let experiment: Experiment
  /// The images that folds are drawn from; with a test manifest, those to train on.
  public private(set) var dataset: LabeledImages
  /// With a test manifest: the images to test.
  public let officialTest: LabeledImages?
  /// Other manifests with the same classes, to test every fold's classifier on.
  public let external: [LabeledImages]

  /// How manifests are read.
  public struct Options: Sendable {
    /// What says which images belong together.
    public var grouping: ImageGrouping?
    /// Makes one class of spellings of a label. Otherwise they are an error.
    public var normalizesLabels = false
    /// Leaves it to the run to say which files do not exist.
    public var acceptsMissingFiles = false

    /// Labels as they stand, and every file there.
    public init() {}
  }

  /// Finds and reads everything.
  ///
  /// - Parameters:
  ///   - name: a published experiment's name, an experiment's `.json` file, or a manifest of one's
  ///     own (`.csv`, `.jsonl`).
  ///   - imagesRoot: the directory that the images' paths start from; nil for the experiment's, or
  ///     for that of a manifest whose path is absolute.
  ///   - manifestDirectories: where manifests of published experiments are looked for, after the
  ///     images' root.
  ///   - external: further experiments or manifests, tested with this experiment's classes.
  ///   - options: how labels, groups and missing files are dealt with.
  /// - Throws: ``TransferError`` or `TextFileError`, naming the file and what is wrong.
  public init(
    _ name: String, imagesRoot: URL?, manifestDirectories: [URL] = [], external: [String] = [],
    options: Options = Options()
  ) throws {
    let directories = (imagesRoot.map { [$0] } ?? []) + manifestDirectories
    var (experiment, directory) = try Experiment.find(name, directories: directories)
    var reading = LabeledImages.ReadingOptions(targets: experiment.targets)
    reading.names = experiment.names
    reading.normalizesLabels = options.normalizesLabels
    reading.grouping = options.grouping
    reading.acceptsMissingFiles = options.acceptsMissingFiles
    reading.acceptsConflicts = experiment.isPublished
    func read(
      _ manifest: String, in directory: URL, _ reading: LabeledImages.ReadingOptions
    ) throws -> LabeledImages {
      let file = Experiment.file(manifest, in: directory)
      let isElsewhere = manifest.hasPrefix("/") || manifest.hasPrefix("~")
      return try LabeledImages(
        contentsOf: file,
        root: imagesRoot ?? (isElsewhere ? file.deletingLastPathComponent() : directory),
        options: reading)
    }
    var dataset = try read(experiment.manifest, in: directory, reading)
    // Labels of the other manifests are those of this one, whatever they are called.
    var same = reading
    if experiment.targets == nil {
      let labels = dataset.classes.map { name in
        experiment.names?.first { $0.value == name }?.key ?? name
      }
      same.targets = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    }
    let officialTest = try experiment.testManifest.map { try read($0, in: directory, same) }
    if officialTest != nil, dataset.parts?.contains(.test) == true {
      throw TransferError.invalid(
        "experiment '\(experiment.name)' has both a 'test_manifest' and test rows in the column "
          + "'split' of \(experiment.manifest); remove one of them")
    }
    var others: [LabeledImages] = []
    var paths: [String] = []
    // Groups serve to split, and a manifest that is tested whole need not have them.
    same.grouping = nil
    for name in external {
      let (other, directory) = try Experiment.find(name, directories: directories)
      let file = Experiment.file(other.manifest, in: directory).standardizedFileURL.path
      guard !paths.contains(file) else {
        throw TransferError.invalid("--external \(name) is given twice")
      }
      paths.append(file)
      var read = try read(other.manifest, in: directory, same)
      if read.parts != nil {
        read.notes.append(
          "\(name): the column 'split' is not used, all \(read.count) images are tested")
      }
      if other.testManifest != nil {
        read.notes.append("\(name): only its 'manifest' is tested, not its 'test_manifest'")
      }
      others.append(read)
    }
    for (index, name) in Self.distinct(paths).enumerated() { others[index].name = name }

    let (modality, notes) = try Self.modality(
      of: experiment, [dataset] + (officialTest.map { [$0] } ?? []), others)
    experiment.modality = modality
    dataset.notes += notes
    self.experiment = experiment
    self.dataset = dataset
    self.officialTest = officialTest
    self.external = others
  }

  /// Whether the data say which images are for training and which for testing.
  public var isOfficial: Bool { officialTest != nil || dataset.parts != nil }

  /// The images that are measured on: those of the test manifest, the rows that the column `split`
  /// gives to the test, or else all.
  public var tested: LabeledImages {
    officialTest
      ?? (dataset.parts == nil ? dataset : dataset.selecting(dataset.rows(of: .test)))
  }

  /// The names of files without their extensions, with as many of the directories above as tell them
  /// apart.
  static func distinct(_ paths: [String]) -> [String] {
    let parts = paths.map { path in
      let url = URL(fileURLWithPath: path)
      return Array(url.deletingPathExtension().pathComponents.dropFirst())
    }
    return parts.indices.map { index in
      let own = parts[index]
      let length = (1...max(1, own.count)).first { length in
        !parts.indices.contains {
          $0 != index && parts[$0].suffix(length) == own.suffix(length)
        }
      }
      // Files that differ in their extension alone keep it.
      guard let length else { return URL(fileURLWithPath: paths[index]).lastPathComponent }
      return own.suffix(length).joined(separator: "/")
    }
  }

  /// The modality that the prompt is for.
  private static func modality(
    of experiment: Experiment, _ own: [LabeledImages], _ external: [LabeledImages]
  ) throws(TransferError) -> (ImagingModality?, notes: [String]) {
    func listed(_ counts: [ImagingModality: Int]) -> String {
      counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        .map { "\($0.key.rawValue) (\($0.value) images)" }.joined(separator: ", ")
    }
    var notes: [String] = []
    var result = experiment.modality
    let counts = own.reduce(into: [:]) { $0.merge($1.modalities, uniquingKeysWith: +) }
    if let stated = result, !counts.isEmpty, counts[stated] == nil {
      throw .invalid(
        "experiment '\(experiment.name)' has the modality \(stated.rawValue), but its manifest "
          + "states \(listed(counts)); correct one of them")
    }
    result = result ?? counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    if counts.count > 1, let result {
      notes.append(
        "\(experiment.manifest) mixes modalities, \(listed(counts)); texts are made for "
          + "\(result.rawValue)")
    }
    for other in external {
      let strange = other.modalities.filter { $0.key != (result ?? .colorFundus) }
      if !strange.isEmpty {
        notes.append(
          "\(other.name) has \(listed(strange)), but texts are made for "
            + "\((result ?? .colorFundus).rawValue)")
      }
    }
    return (result, notes)
  }
}
