import Foundation
import KeepFIT

/// Manifests with the root directories of their image paths.
enum ManifestSources {
  /// The manifests with their roots: as given, or those of the run, whose roots may have moved. By default the root
  /// is the directory of the manifest, or the image folder itself.
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
    guard folders.count == files.count || folders.count <= 1 && !files.isEmpty else {
      throw CommandError.usage(
        "--\(roots.name) must be given once for all of --\(manifests.name), or once for each: "
          + "\(files.count) manifests, \(folders.count) roots")
    }
    return files.indices.map {
      var source = PretrainingInputs.Source(
        manifest: files[$0],
        root: root(files[$0], folders.count == 1 ? folders[0] : folders.isEmpty ? nil : folders[$0])
      )
      if manifests.values.isEmpty {
        source.modality = present[$0].modality
        source.columns = present[$0].columns
      }
      return source
    }
  }

  /// The root of a manifest's image paths. An image folder contains its images.
  private static func root(_ manifest: String, _ given: String?) -> String {
    FilePath(manifest).isDirectory
      ? manifest
      : given ?? URL(fileURLWithPath: manifest).deletingLastPathComponent().path
  }
}
