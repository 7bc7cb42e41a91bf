import Foundation

extension MultiLabelImages {
  /// The images of an experiment, if its manifest has several labels per image.
  /// - Parameters:
  ///   - name: the name of a published experiment, the `.json` file of an experiment, or a manifest.
  ///   - imagesRoot: the root directory of the image paths; nil for that of the manifest.
  ///   - options: how groups, labels and missing files are handled.
  /// - Returns: nil for a published experiment, or one with one label per image, or with labels that are not
  ///   among its targets, or a manifest that cannot be read.
  /// - Throws: ``TransferError`` or `TextFileError` for a manifest with several labels that is not valid.
  public static func find(
    _ name: String, imagesRoot: URL?, options: ExperimentData.Options
  ) throws -> (name: String, data: MultiLabelImages)? {
    guard !Experiment.isPublishedName(name),
      let (experiment, directory) = try? Experiment.find(name, directories: [])
    else { return nil }
    let file = Experiment.file(experiment.manifest, in: directory)
    let root = Experiment.root(of: experiment.manifest, in: directory, given: imagesRoot)
    guard
      let rows = try? Manifest.read(
        contentsOf: file, root: root, form: .labels, columns: options.columns
      ).manifest.rows,
      isMultiLabel(rows)
    else { return nil }
    // Manifests may list other findings after the class; the targets then say which labels are classes.
    if let targets = experiment.targets,
      !rows.allSatisfy({ $0.labels.allSatisfy { targets[$0] != nil } })
    {
      return nil
    }
    guard experiment.testManifest == nil else {
      throw TransferError.invalid(
        "\(name): 'test_manifest' needs one label per image; mark test images in a column 'split'")
    }
    guard experiment.positive == nil, experiment.ordered != true else {
      throw TransferError.invalid(
        "\(name): 'positive' and 'ordered' need one label per image, and \(experiment.manifest) has several; "
          + "remove them, since each label is scored as a positive class of its own"
      )
    }
    return (
      experiment.name,
      try MultiLabelImages(
        contentsOf: file, root: root, options: options.reading(experiment))
    )
  }

  /// External test sets with the labels of an experiment.
  /// - Parameters:
  ///   - names: experiments or manifests, with any number of labels per image.
  ///   - name: the experiment, as given to ``find(_:imagesRoot:options:)``.
  ///   - data: its images.
  ///   - imagesRoot: the root directory of the image paths; nil for that of each manifest.
  ///   - manifestDirectories: directories to search for manifests of published experiments.
  ///   - options: how labels and missing files are handled.
  /// - Throws: ``TransferError`` or `TextFileError` for a manifest that is not valid, or has other labels.
  public static func external(
    _ names: [String], of name: String, _ data: MultiLabelImages, imagesRoot: URL?,
    manifestDirectories: [URL] = [], options: ExperimentData.Options
  ) throws -> [MultiLabelImages] {
    let (experiment, _) = try Experiment.find(name, directories: [])
    var reading = options.reading(experiment)
    reading.targets = experiment.targets(of: data.classes)
    reading.grouping = nil
    return try ExternalSets.locate(
      names, directories: (imagesRoot.map { [$0] } ?? []) + manifestDirectories
    ).map { set in
      let manifest = set.experiment.manifest
      var other = try MultiLabelImages(
        contentsOf: Experiment.file(manifest, in: set.directory),
        root: Experiment.root(of: manifest, in: set.directory, given: imagesRoot), options: reading)
      other.images.notes += set.notes(on: other.images)
      other.images.name = set.name
      return other
    }
  }
}
