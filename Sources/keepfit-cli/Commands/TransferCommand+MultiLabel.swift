import Foundation
import KeepFIT

/// Experiments with several labels per image.
extension TransferCommand {
  /// Evaluates an experiment with several labels per image.
  /// - Returns: false, before any work, for one with one label per image.
  func runMultiLabel(_ options: ExperimentData.Options) throws -> Bool {
    guard
      let (name, data) = try MultiLabelImages.find(
        experiment.value, imagesRoot: imagesRoot.given?.url, options: options)
    else { return false }
    let place = "with several labels per image (\(data.images.name))"
    try refuseIdle(
      balance, releasedTIP, consistentTIP, allowFewer, reference, shots, reason: place)
    try refuseIdle(
      positive,
      reason:
        "\(place): each label is scored as a positive class of its own; omit it, and read the "
        + "sensitivity, specificity, PPV and AUC of the label in the table, in 'labels' of results.json "
        + "and in the report")
    if !external.values.contains(where: { Experiment.isPublishedName($0.text) }) {
      try refuseIdle(manifests, reason: "\(place), except for --external of a published experiment")
    }
    guard method.value == .all || MultiLabelRun.methods.contains(methods[0]) else {
      throw CommandError.usage(
        "--method \(method.value.rawValue) needs one label per image, but \(data.images.name) has "
          + "several; use zero-shot, linear-probe or fine-tune")
    }
    let others = try MultiLabelImages.external(
      external.values.map(\.text), of: experiment.value, data, imagesRoot: imagesRoot.given?.url,
      manifestDirectories: manifests.values.map(\.url) + [FilePath(".").url], options: options)
    let model = try models.load()
    let encoder = KeepFITTransferModel(model)
    let preprocessing = try images.preprocessing(for: model)
    let run = try MultiLabelRun(
      name: name, data: data, external: others, model: encoder, source: ImageSource(preprocessing),
      configurations: try multiLabelConfigurations(data),
      cache: cache.given.map { FeatureCache(directory: $0.url) },
      knowledge: try knowledge.table() ?? .none, template: knowledge.prompt.given,
      batchSize: batchSize.value)
    if saveAdapters.isOn { run.adapterDirectory = out.given?.url.appending(path: "adapters") }
    run.onBadImage = badImages.policy.value
    if run.configurations.contains(where: \.method.usesText) {
      TextWarnings.prompts(
        of: try data.classes.flatMap(ImageClassifier.pair), table: try knowledge.table(),
        isChosen: knowledge.knowledge.isGiven, template: run.prompt.template, model)
    }
    for note in run.notes { Console.note("Note: \(note)") }
    let said = run.notes.count
    let progress = ProgressBar("Transfer", unit: "%", total: 100)
    run.progress = { text, share in
      progress.update(to: Int((share ?? 0) * 100), detail: text)
    }
    let report = try run.run()
    progress.interrupt()
    for note in report.notes.dropFirst(said) { Console.note("Note: \(note)") }
    if let folder = out.given {
      try report.write(to: folder.url, force: overwrite.force.isOn)
      try MultiLabelEvidence(report, origin: origin).write(
        to: folder.url.appending(path: "report.html"))
      Console.note("Wrote \(folder.text)/results.json and \(folder.text)/report.html")
    }
    Console.write(json.isOn ? try report.json(pretty: false) + "\n" : Self.table(report))
    try Self.report(report.skipped)
    return true
  }

  private func multiLabelConfigurations(
    _ data: MultiLabelImages
  ) throws -> [TransferConfiguration] {
    var chosen = methods
    if method.value == .all {
      chosen = MultiLabelRun.methods.filter { $0 != .fineTune }
      if let normal = data.classes.first(where: { (try? ImageClassifier.pair($0)) == nil }) {
        Console.note(
          "Note: zero-shot is left out: the label '\(normal)' has no absence to compare with")
        chosen.removeAll { $0 == .zeroShot }
      }
    }
    let all = try configurations(isOfficial: data.images.parts != nil)
    var base = all.first(where: \.method.isTrained) ?? all[0]
    if chosen.count > 1, folds.given == nil, data.images.parts == nil {
      base.folds = TransferConfiguration(method: .linearProbe).folds
    }
    return chosen.map { method in
      var configuration = base
      configuration.method = method
      return configuration
    }
  }

  private static func table(_ report: MultiLabelReport) -> String {
    var table = TextTable(
      ["method", "label", "positive", "AUC", "average precision", "sensitivity", "specificity"],
      [.left, .left, .right, .right, .right, .right, .right])
    func text(_ value: Double?, _ interval: ConfidenceInterval? = nil) -> String {
      value.map {
        String(format: "%.3f", $0)
          + (interval.map { String(format: " (%.3f–%.3f)", $0.lower, $0.upper) } ?? "")
      } ?? "undefined"
    }
    for result in report.results {
      for scores in result.labels {
        table.add([
          result.method.rawValue, scores.label, "\(scores.counts.positives)/\(scores.count)",
          text(scores.auc, scores.intervals["auc"]),
          text(scores.averagePrecision, scores.intervals["average_precision"]),
          text(scores.counts.sensitivity), text(scores.counts.specificity),
        ])
      }
      table.add([
        result.method.rawValue, "(mean)", "", text(result.mean["auc_macro"]?.scalar),
        text(result.mean["average_precision_macro"]?.scalar),
        text(result.mean["sensitivity_macro"]?.scalar),
        text(result.mean["specificity_macro"]?.scalar),
      ])
    }
    return table.text
  }
}
