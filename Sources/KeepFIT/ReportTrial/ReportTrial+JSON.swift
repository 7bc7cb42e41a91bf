import FundusTensor

extension ReportTrial {
  /// The scores of the model as ``ReportEvaluation`` gives them, and those of the baselines under `baselines`.
  package var json: JSONValue {
    guard case .object(let members) = evaluation.json else { return .null }
    return .object(
      members + [
        .init(
          "baselines",
          .object(contenders.dropFirst().map { .init($0.name, $0.evaluation.json) }))
      ])
  }
}
