import KeepFIT

/// Manifests with the root directories of their image paths.
enum ManifestSources {
  /// The manifests with their roots: as given, or those of the run, whose roots may have moved.
  static func sources(
    _ manifests: RepeatedOption<FilePath>, _ roots: RepeatedOption<FilePath>,
    _ present: [PretrainingInputs.Source]
  ) throws -> [PretrainingInputs.Source] {
    let folders = roots.values.map(\.url.path)
    let files =
      manifests.values.isEmpty ? present.map(\.manifest) : manifests.values.map(\.url.path)
    if manifests.values.isEmpty && folders.isEmpty { return present }
    if manifests.values.isEmpty && present.isEmpty {
      throw CommandError.usage("--\(roots.name) has no effect without --\(manifests.name)")
    }
    guard folders.count == files.count || (folders.count == 1 && !files.isEmpty) else {
      throw CommandError.usage(
        "--\(roots.name) must be given once for all of --\(manifests.name), or once for each: "
          + "\(files.count) manifests, \(folders.count) roots")
    }
    return files.indices.map {
      var source = PretrainingInputs.Source(
        manifest: files[$0], root: folders[folders.count == 1 ? 0 : $0])
      if manifests.values.isEmpty { source.modality = present[$0].modality }
      return source
    }
  }
}
