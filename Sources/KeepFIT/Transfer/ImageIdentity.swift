import Foundation

/// Identifies files with the same content.
struct ImageIdentity {
  private let digests: [String: String]

  /// Reads only files of the same size as another one.
  init(_ urls: [URL]) {
    var bySize: [Int: [URL]] = [:]
    for url in Dictionary(urls.map { ($0.path, $0) }, uniquingKeysWith: { $1 }).values {
      let values = try? FileManager.default.attributesOfItem(
        atPath: ImageAddress(url).file.resolvingSymlinksInPath().path)
      if let size = values?[.size] as? Int { bySize[size, default: []].append(url) }
    }
    let candidates = bySize.values.filter { $0.count > 1 }.flatMap(\.self)
    let found = ThreadPool.map(candidates.count) { index in
      (try? ImageAddress.contents(candidates[index])).map { SHA256.hexDigest([UInt8]($0)) }
    }
    digests = Dictionary(
      uniqueKeysWithValues: zip(candidates, found).compactMap { url, digest in
        digest.map { (url.path, $0) }
      })
  }

  /// An identifier that is the same exactly for files with the same content.
  func key(_ url: URL) -> String { digests[url.path] ?? url.path }
}

extension ImageIdentity {
  /// The rows of a manifest that repeat an image, each with the row of the first occurrence.
  func repeats(in dataset: LabeledImages) -> [(row: Int, first: Int)] {
    var first: [String: Int] = [:]
    return dataset.images.indices.compactMap { row in
      let key = key(dataset.url(row))
      guard let other = first.updateValue(first[key] ?? row, forKey: key) else { return nil }
      return (row, other)
    }
  }

  /// Notes on images that occur twice in a manifest.
  /// - Throws: ``TransferError/invalid(_:)`` when the same image has two labels, unless `accepts`.
  func check(_ dataset: LabeledImages, accepts: Bool) throws(TransferError) -> [String] {
    let repeats = repeats(in: dataset)
    let conflicts = repeats.filter { dataset.labels[$0.row] != dataset.labels[$0.first] }
    func text(_ pair: (row: Int, first: Int)) -> String {
      let (row, first) = pair
      let names = [dataset.images[first], dataset.images[row]]
      let lines = "lines \(dataset.lines[first]) and \(dataset.lines[row])"
      let files = names[0] == names[1] ? names[0] : "\(names[0]) and \(names[1])"
      return "\(lines) (\(files))"
    }
    if !conflicts.isEmpty, !accepts {
      throw .invalid(
        "\(dataset.name): identical images with two labels: "
          + LabeledImages.listed(
            conflicts.map {
              "\(text($0)): '\(dataset.classes[dataset.labels[$0.first]])' and "
                + "'\(dataset.classes[dataset.labels[$0.row]])'"
            }) + "; correct the manifest")
    }
    guard let example = repeats.first else { return [] }
    return [
      "\(dataset.name): \(repeats.count) of \(dataset.count) rows repeat an image, for example "
        + text(example)
        + (conflicts.isEmpty ? "" : "; \(conflicts.count) of them with another label")
    ]
  }
}
