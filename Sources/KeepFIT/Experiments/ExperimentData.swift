import Foundation

/// An experiment with its images, located and checked.
public struct ExperimentData: Sendable {
  /// The experiment; if it does not state a modality, that of its manifest is filled in.
  public let experiment: Experiment
  /// The images to split into folds; with a test manifest, the training images.
  public private(set) var dataset: LabeledImages
  /// With a test manifest: the test images.
  public let officialTest: LabeledImages?
  /// External test sets with the same classes, on which every fold's classifier is tested.
  public let external: [LabeledImages]

  /// The options for reading manifests.
  public struct Options: Sendable {
    /// How images are grouped.
    public var grouping: ImageGrouping?
    /// Merges spelling variants of a label. Otherwise they are an error.
    public var normalizesLabels = false
    /// Accepts missing files, which the run then reports.
    public var acceptsMissingFiles = false
    /// The columns of the manifests whose names are known.
    public var columns = ColumnSelection()

    /// Options that use labels as they are and require every file.
    public init() {}

    /// How the manifests of an experiment are read.
    func reading(_ experiment: Experiment) -> LabeledImages.ReadingOptions {
      var reading = LabeledImages.ReadingOptions(targets: experiment.targets)
      reading.names = experiment.names
      reading.normalizesLabels = normalizesLabels
      reading.grouping = grouping
      reading.acceptsMissingFiles = acceptsMissingFiles
      reading.columns = columns
      return reading
    }
  }

  /// Locates and reads the manifests.
  ///
  /// - Parameters:
  ///   - name: the name of a published experiment, the `.json` file of an experiment, a custom
  ///     manifest (`.csv`, `.tsv`, `.jsonl`), or an image folder.
  ///   - imagesRoot: the root directory of the image paths; nil for the experiment's directory, or for
  ///     that of a manifest whose path is absolute.
  ///   - manifestDirectories: directories to search for manifests of published experiments, after the
  ///     images' root.
  ///   - external: external test sets (experiments or manifests) with the classes of this experiment.
  ///   - options: how labels, groups and missing files are handled.
  /// - Throws: ``TransferError`` or `TextFileError`, naming the file and what is wrong.
  public init(
    _ name: String, imagesRoot: URL?, manifestDirectories: [URL] = [], external: [String] = [],
    options: Options = Options()
  ) throws {
    let directories = (imagesRoot.map { [$0] } ?? []) + manifestDirectories
    var (experiment, directory) = try Experiment.find(name, directories: directories)
    var reading = options.reading(experiment)
    reading.acceptsConflicts = experiment.isPublished
    func read(
      _ manifest: String, in directory: URL, _ reading: LabeledImages.ReadingOptions
    ) throws -> LabeledImages {
      try LabeledImages(
        contentsOf: Experiment.file(manifest, in: directory),
        root: Experiment.root(of: manifest, in: directory, given: imagesRoot), options: reading)
    }
    var dataset = try read(experiment.manifest, in: directory, reading)
    // External manifests use the labels of this one.
    var same = reading
    same.targets = experiment.targets(of: dataset.classes)
    let officialTest = try experiment.testManifest.map { try read($0, in: directory, same) }
    if officialTest != nil, dataset.parts?.contains(.test) == true {
      throw TransferError.invalid(
        "experiment '\(experiment.name)' has both a 'test_manifest' and test rows in the column "
          + "'split' of \(experiment.manifest); remove one of them")
    }
    // Groups matter only for splitting; a manifest that is tested as a whole needs none.
    same.grouping = nil
    let others = try ExternalSets.locate(external, directories: directories).map { set in
      var images = try read(set.experiment.manifest, in: set.directory, same)
      images.notes += set.notes(on: images)
      images.name = set.name
      return images
    }

    let (modality, notes) = try Self.modality(
      of: experiment, [dataset] + (officialTest.map { [$0] } ?? []), others)
    experiment.modality = modality
    dataset.notes += notes
    self.experiment = experiment
    self.dataset = dataset
    self.officialTest = officialTest
    self.external = others
  }

  /// Whether the data define a split into training and test images.
  public var isOfficial: Bool { officialTest != nil || dataset.parts != nil }

  /// The test images: those of the test manifest, the rows that the column `split` marks as test, or else
  /// all images.
  public var tested: LabeledImages {
    officialTest
      ?? (dataset.parts == nil ? dataset : dataset.selecting(dataset.rows(of: .test)))
  }

  /// The modality of the prompt.
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
        "\(experiment.manifest) mixes modalities, \(listed(counts)); the prompt is the one for "
          + "\(result.rawValue)")
    }
    for other in external {
      let strange = other.modalities.filter { $0.key != (result ?? .colorFundus) }
      if !strange.isEmpty {
        notes.append(
          "\(other.name) has \(listed(strange)), but the prompt is the one for "
            + "\((result ?? .colorFundus).rawValue)")
      }
    }
    return (result, notes)
  }
}
