import Foundation

extension PretrainingInputs {
  /// Summarizes the manifests and how they are used: rows left out, labels merged, texts truncated, images
  /// in both training and validation data.
  ///
  /// - Parameters:
  ///   - configuration: the settings of the run.
  ///   - model: the model, whose tokenizer and maximum text length determine which texts are truncated.
  /// - Throws: an error that names the manifest and the problem.
  public func summary(
    _ configuration: PretrainingConfiguration, model: KeepFITModel
  ) throws -> PretrainingDataSummary {
    let manifests = try labeledManifests()
    let rows = manifests.flatMap(\.rows)
    let labeled = try labeledDataset()
    let needsExpert = configuration.objective.objective().needsExpertStream
    let expert = needsExpert ? try expertDataset() : nil
    var remarks = labelRemarks(rows, manifests)
    func add(_ count: Int, _ singular: String, _ plural: String) {
      if count > 0 { remarks.append(count == 1 ? "1 \(singular)" : "\(count) \(plural)") }
    }
    let pairs = (expert?.manifests ?? []).flatMap(\.rows)
    add(
      try rowsOutsideTraining(expert: needsExpert),
      "row is marked val or test in the column 'split' and is not used for training",
      "rows are marked val or test in the column 'split' and are not used for training")
    let validation = try validationManifests()
    let limit = model.configuration.maximumTextLength
    func isCut(_ text: String) -> Bool {
      model.tokenizer.truncates(text, maximumLength: limit)
    }
    var isLong: [String: Bool] = [:]
    add(
      (0..<labeled.count).count { index in
        labeled.rules.possibleTexts(for: labeled.row(at: index).row).contains { text in
          if let known = isLong[text] { return known }
          let long = isCut(text)
          isLong[text] = long
          return long
        }
      },
      "labeled row may get a text that is longer than the model's \(limit) tokens and is truncated",
      "labeled rows may get texts that are longer than the model's \(limit) tokens and are truncated"
    )
    for (name, rows) in [("expert", pairs), ("validation", validation.flatMap(\.rows))] {
      add(
        rows.count { row in
          guard case .captions(let captions) = row.content else { return false }
          return captions.contains {
            captionLanguage == nil || captionLanguage == $0 ? isCut($1) : false
          }
        }, "\(name) caption is longer than the model's \(limit) tokens and is truncated",
        "\(name) captions are longer than the model's \(limit) tokens and are truncated")
    }
    let probed = try probeData().map(\.tested)
    let trained = (labeled.manifests + (expert?.manifests ?? [])).flatMap { manifest in
      manifest.rows.map(manifest.imageURL)
    }
    let measured =
      validation.flatMap { manifest in manifest.rows.map(manifest.imageURL) }
      + probed.flatMap { dataset in dataset.images.indices.map(dataset.url) }
    add(
      FileIdentity.shared(measured, among: trained),
      "image of --validation or --probe is also in the training data (a file with the same content), which "
        + "inflates the scores",
      "images of --validation or --probe are also in the training data (files with the same content), which "
        + "inflates the scores")
    return PretrainingDataSummary(
      labeledRows: labeled.count, expertRows: expert?.count, remarks: remarks)
  }

  /// Remarks on labels and their rows, in the order of processing.
  private func labelRemarks(_ rows: [ManifestRow], _ manifests: [Manifest]) -> [String] {
    var remarks: [String] = []
    var manifests = manifests
    if normalizesLabels {
      let before = Set(rows.flatMap(\.categories)).count
      manifests = manifests.map { $0.normalizingLabels() }
      let after = Set(manifests.flatMap(\.rows).flatMap(\.categories)).count
      remarks.append(
        before == after
          ? "--normalize-labels found no spelling variants to merge among \(before) labels"
          : "--normalize-labels merged \(before) labels into \(after)")
    }
    remarks += spellingRemarks(manifests)
    if fraction < 1 {
      manifests = manifests.map { $0.subset(fraction: fraction, seed: 42) }
      let left = manifests.map(\.rows.count).reduce(0, +)
      remarks.append("--fraction uses \(left) of \(rows.count) labeled rows")
    }
    let present = manifests.flatMap(\.rows)
    let kept = manifests.flatMap {
      $0.withoutCategories(bannedCategories, rule: bansSubstrings ? .substring : .exact).rows
    }
    if kept.count < present.count {
      var counts: [String: Int] = [:]
      let isKept = Set(kept)
      for row in present where !isKept.contains(row) {
        for category in row.categories
        where bannedCategories.contains(where: {
          bansSubstrings ? category.contains($0) : category == $0
        }) {
          counts[category, default: 0] += 1
        }
      }
      let names = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      remarks.append(
        "\(present.count - kept.count) of \(present.count) labeled rows are left out for a held-out "
          + "category (" + names.prefix(10).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
          + (names.count > 10 ? ", …" : "") + "); --held-out changes the list")
    }
    // The published list contains categories that some datasets lack; a custom list should match.
    if bannedCategories != Manifest.publishedBannedCategories {
      let categories = Set(present.flatMap(\.categories))
      let unused = bannedCategories.filter { banned in
        !categories.contains { bansSubstrings ? $0.contains(banned) : $0 == banned }
      }
      if !unused.isEmpty {
        remarks.append(
          "no labeled row has the held-out \(unused.count == 1 ? "category" : "categories") "
            + unused.map { "'\($0)'" }.joined(separator: ", "))
      }
    }
    let blank = kept.count { $0.categories.allSatisfy(\.isEmpty) }
    if blank > 0 {
      remarks.append(
        "\(blank) of \(kept.count) labeled rows have no label, so their texts name none")
    }
    return remarks
  }

  /// Labels that look like one label, and images with several.
  private func spellingRemarks(_ manifests: [Manifest]) -> [String] {
    var remarks: [String] = []
    var counts: [String: Int] = [:]
    for label in manifests.flatMap(\.rows).flatMap(\.categories) where !label.isEmpty {
      counts[label, default: 0] += 1
    }
    let pairs = LabelSpelling.pairs(of: counts)
    if !pairs.isEmpty {
      remarks.append(
        "\(pairs.count) of \(counts.count) labels look like other spellings, and are separate labels: "
          + pairs.prefix(5).map { "'\($0.odd)' of '\($0.usual)'" }.joined(separator: ", ")
          + (pairs.count > 5 ? ", …" : "")
          + (normalizesLabels
            ? "" : "; --normalize-labels merges those that differ in case"))
    }
    var labels: [String: Set<[String]>] = [:]
    for manifest in manifests {
      for row in manifest.rows {
        labels[manifest.imageURL(of: row).path, default: []].insert(row.categories.sorted())
      }
    }
    let conflicts = labels.filter { $0.value.count > 1 }.keys.sorted()
    if let first = conflicts.first {
      remarks.append(
        "\(counted(conflicts.count, "image")) with several rows of different labels, such as \(first)"
      )
    }
    return remarks
  }

  /// The images of ``validation`` and ``probes`` that cannot be decoded, with reasons; `id` is the path of
  /// the file. Decodes each of them once, on all processors, so that a run does not fail at the end of its
  /// first epoch.
  /// - Throws: an error that names the manifest and the problem.
  public func unreadableValidationImages() throws -> [SkippedImage] {
    let files =
      try validationManifests().flatMap { manifest in manifest.rows.map(manifest.imageURL) }
      + probeData().map(\.tested).flatMap { $0.images.indices.map($0.url) }
    let decoding = preprocessing.with(imageSize: 32)
    let found = Guarded<[SkippedImage]>([])
    DispatchQueue.concurrentPerform(iterations: files.count) { index in
      do {
        _ = try decoding.prepare(contentsOf: files[index])
      } catch {
        found.withLock { $0.append(SkippedImage(id: files[index].path, reason: "\(error)")) }
      }
    }
    return Set(found.withLock { $0 }).sorted { $0.id < $1.id }
  }

  /// The size in bytes of the image cache with all images of both streams: 3 x S x S per image, since the
  /// cache is not compressed; nil without a cache.
  public func cacheBytes(_ configuration: PretrainingConfiguration) throws -> Int? {
    guard cache != nil else { return nil }
    var manifests = try labeledDataset().manifests
    if configuration.objective.objective().needsExpertStream {
      manifests += try expertDataset().manifests
    }
    let files = Set(
      manifests.flatMap { manifest in manifest.rows.map { manifest.imageURL(of: $0).path } })
    return files.count * ImageCache.entryBytes(imageSize: configuration.imageSize)
  }
}

extension LabeledImages {
  /// The labeled images without some of them, with the same classes.
  func leavingOut(_ isLeftOut: (URL) -> Bool) -> LabeledImages {
    let kept = images.indices.filter { !isLeftOut(url($0)) }
    return LabeledImages(
      name: name, root: root, images: kept.map { images[$0] }, labels: kept.map { labels[$0] },
      classes: classes)
  }
}
