import Foundation

/// The external test sets of an experiment, before they are read.
struct ExternalSets {
  /// An external test set.
  struct Located {
    /// The file name without its extension, with parent directories where another one has the same.
    var name = ""
    /// The name that was given.
    let given: String
    /// The experiment whose manifest is tested.
    let experiment: Experiment
    /// The directory of its manifest.
    let directory: URL

    /// Notes on what is not used of it.
    func notes(on images: LabeledImages) -> [String] {
      (images.parts == nil
        ? [] : ["\(given): the column 'split' is ignored, all \(images.count) images are tested"])
        + (experiment.testManifest == nil
          ? [] : ["\(given): only its 'manifest' is tested, not its 'test_manifest'"])
    }
  }

  /// Locates the manifests.
  /// - Parameters:
  ///   - names: experiments or manifests.
  ///   - directories: directories to search for manifests of published experiments.
  /// - Returns: a set for each name, in order.
  /// - Throws: ``TransferError`` for a name without a manifest, or one that was given twice.
  static func locate(_ names: [String], directories: [URL]) throws -> [Located] {
    var sets: [Located] = []
    var paths: [String] = []
    for name in names {
      let (other, directory) = try Experiment.find(name, directories: directories)
      let file = Experiment.file(other.manifest, in: directory).standardizedFileURL.path
      guard !paths.contains(file) else {
        throw TransferError.invalid("--external \(name) was given twice")
      }
      paths.append(file)
      sets.append(Located(given: name, experiment: other, directory: directory))
    }
    for (index, name) in distinct(paths).enumerated() { sets[index].name = name }
    return sets
  }

  /// The file names without extensions, with as many parent directories as needed to make them unique.
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
      // Files that differ only in their extension keep it.
      guard let length else { return URL(fileURLWithPath: paths[index]).lastPathComponent }
      return own.suffix(length).joined(separator: "/")
    }
  }
}

extension Experiment {
  /// The targets of the labels in further manifests of this experiment.
  /// - Parameter classes: the classes of its own manifest.
  func targets(of classes: [String]) -> [String: Int] {
    if let targets { return targets }
    let labels = classes.map { name in names?.first { $0.value == name }?.key ?? name }
    return Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
  }
}
