import KeepFIT

/// Refuses options that would have no effect.
extension TransferCommand {
  /// An option, whether it was given, and what it needs to have an effect.
  private struct Rule {
    let option: String
    let isGiven: Bool
    let hasEffect: Bool
    let needs: String
  }

  private func check(_ rules: [Rule]) throws {
    guard let idle = rules.first(where: { $0.isGiven && !$0.hasEffect }) else { return }
    throw CommandError.usage(
      "--\(idle.option) has no effect with --method \(method.value.rawValue): it needs \(idle.needs)"
    )
  }

  private func isNonzero(_ option: Option<String>) -> Bool {
    guard let text = option.given else { return false }
    return (try? SampleCount(text))?.isZero != true
  }

  /// Checks that need only the options.
  func refuseIdleOptions() throws {
    let methods = methods
    let trains = methods.contains(where: \.isTrained)
    let tunes = methods.contains(.fineTune)
    let usesText = methods.contains(where: \.usesText)
    let usesTIP = methods.contains(.tipAdapter) || methods.contains(.tipAdapterF)
    func rule(_ option: any Argument, _ isGiven: Bool, _ hasEffect: Bool, _ needs: String) -> Rule {
      Rule(option: option.name, isGiven: isGiven, hasEffect: hasEffect, needs: needs)
    }
    let training = "a method that is trained"
    let tuning = "--method fine-tune"
    let text = "a method that uses text"
    let tip = "--method tip-adapter, tip-adapter-f or all"
    try check([
      rule(shots, shots.given != nil, trains, training),
      rule(shotsTrain, isNonzero(shotsTrain), trains, training),
      rule(shotsValidation, isNonzero(shotsValidation), trains, training),
      rule(balance, balance.isOn, trains, training),
      rule(temperature, temperature.isOn, trains, training),
      rule(augmentTraining, augmentTraining.isOn, trains, training),
      rule(knowledge.knowledge, knowledge.knowledge.given != nil, usesText, text),
      rule(knowledge.prompt, knowledge.prompt.given != nil, usesText, text),
      rule(releasedTIP, releasedTIP.isOn, usesTIP, tip),
      rule(consistentTIP, consistentTIP.isOn, usesTIP, tip),
      rule(freeze, freeze.given != nil, tunes, tuning),
      rule(probeFirst, probeFirst.isOn, tunes, tuning),
      rule(epochs, epochs.given != nil, tunes, tuning),
      rule(learningRate, learningRate.given != nil, tunes, tuning),
      rule(patience, patience.given != nil, tunes, tuning),
      rule(
        cache, cache.given != nil, methods != [.fineTune] || out.given != nil,
        "a method on features, or --out"),
    ])
    if !trains, let count = folds.given, count > 1, try testsEverything() {
      throw CommandError.usage(
        "--folds \(count) has no effect: every fold would test all images; also give --shots-test")
    }
    if releasedTIP.isOn, augmentTest.isOn, !methods.contains(.tipAdapterF) {
      throw CommandError.usage(
        "--tip-released has no effect together with --augment-test for tip-adapter")
    }
    if temperature.isOn, augmentTest.isOn {
      throw CommandError.usage(
        "--temperature is fitted on plain images; omit it, or --augment-test")
    }
    if reference.given != nil, out.given == nil, json.isOn {
      throw CommandError.usage(
        "--reference has no effect on --json, which prints what was measured; give --out DIR for a report"
      )
    }
    if overwrite.force.isOn, out.given == nil {
      throw CommandError.usage("--force has no effect without --out DIR")
    }
  }

  /// Checks that need the classes.
  func refuseIdleOptions(with roles: ClassRoles) throws {
    if isNonzero(shotsValidation), !methods.contains(.fineTune), roles.positive == nil,
      !temperature.isOn, !saveAdapters.isOn
    {
      throw CommandError.usage(
        "--shots-val has no effect with --method \(method.value.rawValue): validation images are used for "
          + "fine-tune, for the thresholds of a positive class (--positive LABEL), for --temperature, and "
          + "for prediction sets (--save-adapters)")
    }
  }

  private func testsEverything() throws -> Bool {
    try shotsTest.given.map { try SampleCount($0) == .percent(100) } ?? true
  }

  /// Checks that need the data.
  func refuseIdleOptions(with data: ExperimentData) throws {
    let hasValidation = data.dataset.parts?.contains(.validation) == true
    if temperature.isOn, !hasValidation, !isNonzero(shotsValidation) {
      throw CommandError.usage(
        "--temperature is fitted on validation images: give --shots-val, or mark rows with val in a column "
          + "'split'")
    }
    if patience.given != nil, !hasValidation, !isNonzero(shotsValidation) {
      throw CommandError.usage(
        "--patience has no effect without validation images: give --shots-val, or mark rows with val in "
          + "a column 'split'")
    }
    let names = [experiment.value] + external.values.map(\.text)
    if !manifests.values.isEmpty, !names.contains(where: Experiment.isPublishedName) {
      throw CommandError.usage(
        "--manifests has no effect: it is searched for the manifests of published experiments, but "
          + "\(names.joined(separator: ", ")) is a file")
    }
    if imagesRoot.isGiven, FilePath(experiment.value).isDirectory, external.values.isEmpty,
      !Experiment.isPublishedName(experiment.value)
    {
      throw CommandError.usage(
        "--images-root has no effect: \(experiment.value) is an image folder, which contains its images"
      )
    }
    guard data.isOfficial else {
      if allowFewer.isOn, !methods.contains(where: \.isTrained), try testsEverything() {
        throw CommandError.usage("--allow-fewer has no effect: all images are tested")
      }
      return
    }
    let split =
      data.officialTest.map { "the test manifest \($0.name)" } ?? "the manifest's column 'split'"
    if shotsTest.given != nil {
      throw CommandError.usage("--shots-test has no effect: \(split) determines the test images")
    }
    let draws =
      shots.given != nil || isNonzero(shotsTrain) || isNonzero(shotsValidation) || balance.isOn
    if let count = folds.given, count > 1, !draws, !methods.contains(where: \.isRandom) {
      throw CommandError.usage(
        "--folds \(count) has no effect: with \(split) nothing is random for --method "
          + "\(method.value.rawValue); give --shots or --shots-train to sample training images")
    }
    if allowFewer.isOn, !draws {
      throw CommandError.usage("--allow-fewer has no effect: with \(split) nothing is sampled")
    }
  }
}
