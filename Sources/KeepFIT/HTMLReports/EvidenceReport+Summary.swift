import Foundation

/// The head of the report: the disclaimer, the origin of the results, and the classes.
extension EvidenceReport {
  func addSummary(to page: inout HTMLPage) {
    page.notice(ReportOrigin.disclaimer)
    page.section("Summary")
    let first = report.results.first
    let tested = first.map { Set($0.folds.flatMap(\.testImages)).count } ?? 0
    let groups = first.flatMap { result -> Int? in
      let groups = result.folds.compactMap(\.groups)
      return groups.isEmpty ? nil : Set(groups.joined()).count
    }
    var facts = origin.facts(fingerprint: first?.model)
    let folds = first?.folds.count ?? 1
    facts.append(
      (
        term: "Test images (n)",
        text: counted(tested, "image") + (groups.map { " of " + counted($0, "group") } ?? "")
          + (folds > 1 ? ", in \(folds) folds" : "")
      ))
    let prevalence = Self.prevalence(first?.folds.flatMap(\.labels) ?? [], first?.classes ?? [])
    if !prevalence.isEmpty { facts.append((term: "Prevalence", text: prevalence)) }
    page.definitions(facts)
  }

  private static func prevalence(_ labels: [Int], _ classes: [String]) -> String {
    guard !labels.isEmpty else { return "" }
    return classes.indices.map { label in
      let share = 100 * Double(labels.count { $0 == label }) / Double(labels.count)
      return classes[label] + String(format: " %.1f\u{a0}%%", share)
    }.joined(separator: ", ")
  }

  /// Sensitivity, specificity, PPV, AUC and average precision of every class against all others.
  func addClasses(to page: inout HTMLPage) {
    // Of two classes, the section on the positive class says the same.
    let results = report.results.filter { $0.classes.count > 2 }
    guard !results.isEmpty else { return }
    page.section("Classes")
    for result in results {
      guard let folds = try? result.folds.map({ try $0.predictions() }) else { continue }
      let tested = TestedFolds(folds, names: result.folds.map(\.clusterNames))
      page.heading(Self.name(of: result))
      let rows = result.classes.indices.compactMap { label -> [HTMLPage.Cell]? in
        let parts = folds.map {
          DetectionScores($0, positive: label, name: result.classes[label], targets: [])
        }
        guard let scores = DetectionScores(folds: parts) else { return nil }
        let intervals = Intervals.of(scores, tested: tested, positive: label)
        return Self.classRow(
          result.classes[label], count: scores.counts.positives, total: scores.count,
          values: scores.values.filter { $0.name != "npv" }.map {
            (value: $0.value, interval: intervals[$0.name])
          })
      }
      page.table(
        Self.classTitles, rows,
        caption:
          "Each class against all others, predicted by the highest probability. In parentheses: 95 % "
          + "confidence intervals. PPV holds for the prevalence in these test images.")
    }
  }

  static let classTitles = [
    "Class", "n (prevalence)", "Sensitivity", "Specificity", "PPV", "AUC", "Average precision",
  ]

  static func classRow(
    _ name: String, count: Int, total: Int,
    values: [(value: Double?, interval: ConfidenceInterval?)]
  ) -> [HTMLPage.Cell] {
    let share = 100 * Double(count) / Double(max(1, total))
    return [.init(name), .number("\(count)" + String(format: " (%.1f\u{a0}%%)", share))]
      + values.map { value, interval in
        value.map { .number(text($0) + text(interval)) } ?? .init("undefined")
      }
  }

  /// Fitted temperatures, and what they do to the calibration.
  func addTemperatures(to page: inout HTMLPage) {
    let rows = report.results.flatMap { result in
      result.folds.compactMap { fold -> [HTMLPage.Cell]? in
        guard let effect = fold.temperature else { return nil }
        return [
          .init(Self.name(of: result)), .number("\(fold.fold)"),
          .number(Self.text(effect.temperature)), .number("\(effect.validationImages)"),
          .number("\(Self.text(effect.errorBefore)) → \(Self.text(effect.errorAfter))"),
          .number("\(Self.text(effect.lossBefore)) → \(Self.text(effect.lossAfter))"),
        ]
      }
    }
    guard !rows.isEmpty else { return }
    page.section("Temperature scaling")
    page.table(
      [
        "Method", "Fold", "Temperature", "Validation images", "ECE (test)",
        "Negative log-likelihood (test)",
      ], rows,
      caption: "Logits are divided by a temperature that was fitted on validation images. All "
        + "probabilities in this report are those with it.")
  }

  /// The paired comparisons.
  static func addComparisons(_ comparisons: [PairedComparison], to page: inout HTMLPage) {
    guard let first = comparisons.first else { return }
    let methods = Set(comparisons.flatMap { [$0.first, $0.second] }).count
    // Of many methods, only the pairs with the best one of each score.
    let shown = methods <= 4 ? comparisons : comparisons.filter { $0.isWithBest(of: comparisons) }
    page.section("Paired comparisons of methods")
    page.table(
      ["Method", "compared with", "Score", "Difference", "p", "p (Holm)"],
      shown.map { item in
        func p(_ value: Double) -> String { value < 0.001 ? "< 0.001" : text(value) }
        return [
          .init(item.first), .init(item.second), .init(title(of: item.metric)),
          .number(
            String(format: "%+.3f\n(%+.3f to %+.3f)", item.difference, item.lower, item.upper)),
          .number(p(item.p)), .number(p(item.holm), isBest: item.holm < 0.05),
        ]
      },
      caption:
        "Both methods on the same \(counted(first.images, "image or group", "images or groups")): "
        + "\(first.resamples) paired bootstrap samples, 95 % confidence interval of the difference, and "
        + "two-sided p-value, also after Holm's correction for all comparisons of a score (bold: below "
        + "0.05). The effect of other training images is not part of it."
        + (shown.count < comparisons.count
          ? " Shown are the pairs with the best method of each score; results.json has all "
            + "\(comparisons.count)." : ""))
  }

  /// A glossary for readers who are not familiar with these metrics.
  static let glossary: [(term: String, text: String)] = [
    (
      "Sensitivity (recall)",
      "Of the images with the disease, the fraction that is detected. 1 - sensitivity is the miss rate."
    ),
    (
      "Specificity",
      "Of the images without the disease, the fraction that is recognized as such. 1 - specificity is the "
        + "false alarm rate."
    ),
    (
      "PPV, NPV",
      "Positive and negative predictive value: of the images that are predicted positive (negative), the "
        + "fraction that truly are. Both depend on the prevalence, so they differ between a clinic and a "
        + "screening program."
    ),
    ("Prevalence", "The fraction of the test images that have the disease."),
    (
      "Balanced accuracy (ACA, macro recall)",
      "The mean of the classes' sensitivities; guessing among K classes gives 1/K."
    ),
    (
      "AUC",
      "Area under the ROC curve: the probability that an image of the class has a higher score than another "
        + "image. 0.5 is guessing, 1 is perfect. It does not depend on a threshold."
    ),
    (
      "Average precision",
      "The area under the precision-recall curve. Guessing gives the prevalence; it is stricter than AUC for "
        + "rare findings."
    ),
    ("F1", "The harmonic mean of sensitivity and PPV."),
    (
      "Kappa",
      "Agreement beyond chance: 0 is chance, 1 is perfect. With quadratic weights, for grades, distant errors "
        + "count more."
    ),
    (
      "Operating point",
      "A threshold on the probability, with its sensitivity and specificity. It must be chosen on images other "
        + "than those it is tested on."
    ),
    (
      "95 % confidence interval",
      "The range of true values that are compatible with these test images. With few images it is wide, "
        + "regardless of the measured value."
    ),
    (
      "Calibration (ECE), temperature",
      "Whether a probability of 90 % is right nine times out of ten; the expected calibration error is the mean "
        + "difference. A temperature is a number that corrects it."
    ),
    (
      "Fold", "One of several random splits into training and test images."
    ),
    (
      "Zero-shot, linear probe, fine-tuning",
      "Classification by texts alone; a linear classifier on the features of the model; training of the whole "
        + "image encoder."
    ),
  ]
}
