import Foundation

/// Writes the files of a dataset below a directory.
struct DatasetWriter {
  let root: URL
  let configuration: SyntheticDataset.Configuration

  /// What the threads share.
  private struct State {
    var done = 0
    var error: SyntheticDatasetError?
    var rows: [ManifestRow?]
    var masks: [[(finding: FindingKind, path: String)]]
  }

  /// Renders and writes all images, then the manifests; returns the number of masks.
  func write(
    _ plan: DatasetPlan, progress: @Sendable (Int, Int) -> Void
  ) throws(SyntheticDatasetError) -> Int {
    let images = plan.images
    for folder in Set(images.map(\.folder)) {
      try makeDirectory(root.appending(path: folder))
    }
    let state = Guarded(
      State(
        rows: [ManifestRow?](repeating: nil, count: images.count),
        masks: [[(finding: FindingKind, path: String)]](repeating: [], count: images.count)))
    ThreadPool.forEach(images.count) { index in
      if state.withLock({ $0.error != nil }) { return }
      do throws(SyntheticDatasetError) {
        let (row, masks) = try write(images[index])
        state.withLock { state in
          state.rows[index] = row
          state.masks[index] = masks
          state.done += 1
          progress(state.done, images.count)
        }
      } catch {
        state.withLock { state in
          if state.error == nil { state.error = error }
        }
      }
    }
    let (error, rows, masks) = state.withLock { ($0.error, $0.rows, $0.masks) }
    if let error { throw error }
    try writeManifests(plan, rows: rows.compactMap { $0 }, masks: masks)
    return masks.reduce(0) { $0 + $1.count }
  }

  /// Renders one image and writes it with its masks.
  private func write(
    _ image: DatasetPlan.Image
  ) throws(SyntheticDatasetError) -> (
    row: ManifestRow, masks: [(finding: FindingKind, path: String)]
  ) {
    let drawn = image.fundus.render(size: configuration.size)
    let path = "\(image.path).\(configuration.format.rawValue)"
    let url = root.appending(path: path)
    do {
      switch configuration.format {
      case .jpeg: try drawn.image.writeJPEG(to: url, quality: 92, subsampling: .none)
      case .png: try drawn.image.writePNG(to: url, compression: 3)
      }
    } catch {
      throw .failed(url.path, error.description)
    }
    let masks = try writeMasks(of: drawn, image)
    let content: ManifestRow.Content
    switch image.role {
    case .labeled(let attributes, let categories):
      content = .labels(attributes: attributes, categories: categories)
    case .captioned(let named, let variant):
      content = .captions([
        .english: drawn.caption(in: .english, namesDisease: named, variant: variant),
        .chinese: drawn.caption(in: .chinese, namesDisease: named, variant: variant),
      ])
    case .reported(let study):
      content = .captions([
        .english: drawn.report(phases: study.phases, variant: study.variant)
      ])
    }
    do {
      let row = try ManifestRow(image: path, modality: image.fundus.modality, content: content)
      return (row, masks)
    } catch {
      throw .failed(url.path, error.description)
    }
  }

  private func writeMasks(
    of drawn: RenderedFundus, _ image: DatasetPlan.Image
  ) throws(SyntheticDatasetError) -> [(finding: FindingKind, path: String)] {
    let isPublic = [DatasetPlan.grades, DatasetPlan.screening, DatasetPlan.lesions]
      .contains(image.folder)
    if case .reported = image.role { return [] }
    guard configuration.writesMasks, !isPublic else { return [] }
    let kinds = drawn.masks.keys.sorted { $0.rawValue < $1.rawValue }
    guard !kinds.isEmpty else { return [] }
    let folder = "masks/\(image.path)"
    try makeDirectory(root.appending(path: folder))
    var written: [(finding: FindingKind, path: String)] = []
    for kind in kinds {
      guard let mask = drawn.masks[kind] else { continue }
      let path = "\(folder)/\(kind.rawValue).png"
      var pixels = [UInt8](repeating: 0, count: 3 * mask.count)
      for (index, value) in mask.enumerated() where value > 0 {
        for channel in 0..<3 { pixels[3 * index + channel] = value }
      }
      let image = FundusImage(width: drawn.size, height: drawn.size, pixels: pixels)
      do {
        try image.writePNG(to: root.appending(path: path))
      } catch {
        throw .failed(path, error.description)
      }
      written.append((kind, path))
    }
    return written
  }

  private func writeManifests(
    _ plan: DatasetPlan, rows: [ManifestRow], masks: [[(finding: FindingKind, path: String)]]
  ) throws(SyntheticDatasetError) {
    let directory = root.appending(path: "manifests")
    try makeDirectory(directory)
    let publicSets = [DatasetPlan.grades, DatasetPlan.screening, DatasetPlan.lesions]
    let files: [(name: String, folders: [String])] =
      [("public", publicSets)] + publicSets.map { ($0, [$0]) } + [
        ("expert", [DatasetPlan.expert]), ("expert_ffa", [DatasetPlan.angiograms]),
        ("expert_oct", [DatasetPlan.tomograms]), ("seen", [DatasetPlan.seen]),
        ("unseen", [DatasetPlan.unseen]),
      ]
    for file in files {
      let chosen = rows.filter { file.folders.contains($0.dataset) }
      guard !chosen.isEmpty else { continue }
      try writeText(
        Manifest(name: file.name, root: root, rows: chosen).csv(),
        to: directory.appending(path: "\(file.name).csv"))
    }
    var lines = [",image,finding,mask"]
    for (image, masks) in zip(rows, masks) {
      for mask in masks {
        lines.append("\(lines.count - 1),\(image.image),\(mask.finding.rawValue),\(mask.path)")
      }
    }
    if lines.count > 1 {
      try writeText(
        lines.joined(separator: "\n") + "\n", to: directory.appending(path: "masks.csv"))
    }
    try writeExperiments(plan, rows: rows, in: directory)
    try writeReports(plan, rows: rows, in: directory)
  }

  private func writeExperiments(
    _ plan: DatasetPlan, rows: [ManifestRow], in directory: URL
  ) throws(SyntheticDatasetError) {
    guard configuration.testPerClass > 0 else { return }
    let unseen = configuration.unseen.map(\.label)
    if plan.seenDiseases.count > 1 {
      try writeExperiment(
        "seen", manifest: "seen.csv", labels: plan.seenDiseases.map(\.label), in: directory)
    }
    if unseen.count > 1 {
      try writeExperiment("unseen", manifest: "unseen.csv", labels: unseen, in: directory)
    }
    guard !unseen.isEmpty else { return }
    // As in the published tasks, the new classes against healthy eyes.
    let mixed = rows.filter { row in
      row.dataset == DatasetPlan.unseen
        || row.dataset == DatasetPlan.seen && row.categories == [FundusDisease.normal.label]
    }
    try writeText(
      Manifest(name: "unseen_with_normal", root: root, rows: mixed).csv(),
      to: directory.appending(path: "unseen_with_normal.csv"))
    try writeExperiment(
      "unseen_with_normal", manifest: "unseen_with_normal.csv",
      labels: [FundusDisease.normal.label] + unseen, in: directory)
  }

  private func writeExperiment(
    _ name: String, manifest: String, labels: [String], in directory: URL
  ) throws(SyntheticDatasetError) {
    struct Description: Encodable {
      let name: String
      let manifest: String
      let targets: [String: Int]
      let modality: ImagingModality
    }
    try writeJSON(
      Description(
        name: name, manifest: manifest,
        targets: Dictionary(
          uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) }),
        modality: .colorFundus), to: directory.appending(path: "\(name).json"))
  }

  /// Writes what the dataset is.
  func writeDescription(
    configuration: SyntheticDataset.Configuration, summary: SyntheticDataset.Summary
  ) throws(SyntheticDatasetError) {
    struct Description: Encodable {
      let kind = "synthetic fundus dataset"
      let configuration: SyntheticDataset.Configuration
      let images: [String: Int]
      let masks: Int
    }
    try writeJSON(
      Description(
        configuration: configuration, images: summary.images, masks: summary.masks),
      to: root.appending(path: SyntheticDataset.descriptionName))
  }

  private func makeDirectory(_ url: URL) throws(SyntheticDatasetError) {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .failed(url.path, error.localizedDescription)
    }
  }

  private func writeJSON(
    _ value: some Encodable, to url: URL
  ) throws(SyntheticDatasetError) {
    do {
      try Data((JSONText.encode(value, pretty: true) + "\n").utf8).write(to: url)
    } catch {
      throw .failed(url.path, error.localizedDescription)
    }
  }

  func writeText(_ text: String, to url: URL) throws(SyntheticDatasetError) {
    do {
      try Data(text.utf8).write(to: url)
    } catch {
      throw .failed(url.path, error.localizedDescription)
    }
  }
}
