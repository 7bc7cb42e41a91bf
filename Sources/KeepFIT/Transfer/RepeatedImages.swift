import MMRetinalData

extension FileIdentity {
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
