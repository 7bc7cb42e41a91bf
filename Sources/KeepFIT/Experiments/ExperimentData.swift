import Foundation

/// An experiment with its pictures, found and checked.
public struct ExperimentData: Sendable {
  /// The experiment.
  public let experiment: Experiment
  /// The pictures that folds are drawn from; with an official split, those to train on.
  public let pictures: LabelledPictures
  /// With an official split: the pictures to test.
  public let officialTest: LabelledPictures?
  /// Other manifests with the same classes, to test every fold's classifier on.
  public let external: [LabelledPictures]

  /// Finds and reads everything.
  ///
  /// - Parameters:
  ///   - name: a published experiment's name, an experiment's `.json` file, or a manifest of one's
  ///     own (`.csv`, `.jsonl`).
  ///   - imagesRoot: the directory that the pictures' paths start from; nil for the manifest's.
  ///   - manifestDirectories: where manifests of published experiments are looked for, after the
  ///     images' root.
  ///   - external: further experiments or manifests, tested with this experiment's classes.
  /// - Throws: ``TransferError`` or `TextFileError`, naming the file and what is wrong.
  public init(
    _ name: String, imagesRoot: URL?, manifestDirectories: [URL] = [], external: [String] = []
  ) throws {
    let directories = (imagesRoot.map { [$0] } ?? []) + manifestDirectories
    let (experiment, directory) = try Experiment.find(name, directories: directories)
    func read(_ manifest: String, in directory: URL, targets: [String: Int]?) throws
      -> LabelledPictures
    {
      try LabelledPictures(
        contentsOf: directory.appendingPathComponent(manifest), root: imagesRoot ?? directory,
        targets: targets)
    }
    self.experiment = experiment
    pictures = try read(experiment.manifest, in: directory, targets: experiment.targets)
    let targets = Dictionary(
      uniqueKeysWithValues: pictures.classes.enumerated().map { ($1, $0) })
    officialTest = try experiment.testManifest.map {
      try read($0, in: directory, targets: targets)
    }
    self.external = try external.map { name in
      let (other, directory) = try Experiment.find(name, directories: directories)
      return try read(other.manifest, in: directory, targets: targets)
    }
  }
}
