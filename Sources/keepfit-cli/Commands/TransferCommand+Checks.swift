import KeepFIT

/// Options that would change nothing are wrong usage: whoever gives one believes that it does.
extension TransferCommand {
  /// An option, whether it was given, and what it takes to have an effect.
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

  /// What can be said from the options alone.
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
        "--folds \(count) has no effect: every fold would test all images; give --shots-test too")
    }
    if releasedTIP.isOn, augmentTest.isOn, !methods.contains(.tipAdapterF) {
      throw CommandError.usage("--tip-released has no effect beside --augment-test for tip-adapter")
    }
    for (option, isGiven) in [
      ("reference", reference.given != nil), ("force", overwrite.force.isOn),
    ]
    where isGiven && out.given == nil {
      throw CommandError.usage("--\(option) has no effect without --out DIR")
    }
  }

  /// What takes the classes to be said.
  func refuseIdleOptions(with roles: ClassRoles) throws {
    if isNonzero(shotsValidation), !methods.contains(.fineTune), roles.positive == nil {
      throw CommandError.usage(
        "--shots-val has no effect with --method \(method.value.rawValue): validation images serve "
          + "fine-tune, and thresholds of a positive class (--positive LABEL)")
    }
  }

  private func testsEverything() throws -> Bool {
    try shotsTest.given.map { try SampleCount($0) == .percent(100) } ?? true
  }

  /// What takes the data to be said.
  func refuseIdleOptions(with data: ExperimentData) throws {
    let hasValidation = data.dataset.parts?.contains(.validation) == true
    if patience.given != nil, !hasValidation, !isNonzero(shotsValidation) {
      throw CommandError.usage(
        "--patience has no effect without validation images: give --shots-val, or rows of the column "
          + "'split' with val")
    }
    let names = [experiment.value] + external.values.map(\.text)
    if !manifests.values.isEmpty, !names.contains(where: Experiment.isPublishedName) {
      throw CommandError.usage(
        "--manifests has no effect: it is where manifests of published experiments are looked for, and "
          + "\(names.joined(separator: ", ")) is a file")
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
      throw CommandError.usage("--shots-test has no effect: \(split) says what is tested")
    }
    let draws =
      shots.given != nil || isNonzero(shotsTrain) || isNonzero(shotsValidation) || balance.isOn
    if let count = folds.given, count > 1, !draws, !methods.contains(where: \.isRandom) {
      throw CommandError.usage(
        "--folds \(count) has no effect: \(split) leaves nothing to chance for --method "
          + "\(method.value.rawValue); give --shots or --shots-train to draw training images")
    }
    if allowFewer.isOn, !draws {
      throw CommandError.usage("--allow-fewer has no effect: \(split) leaves nothing to draw")
    }
  }
}
