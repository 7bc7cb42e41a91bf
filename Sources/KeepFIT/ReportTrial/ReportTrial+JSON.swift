import FundusTensor

extension ReportTrial {
  /// The scores of the model as ``ReportEvaluation`` gives them, those of the baselines under `baselines`, and
  /// under `absent_baselines` why others are not there.
  package var json: JSONValue {
    guard case .object(let members) = evaluation.json else { return .null }
    return .object(
      members + [
        .init(
          "baselines",
          .object(contenders.dropFirst().map { .init($0.name, $0.evaluation.json) })),
        .init(
          "absent_baselines", .object(absent.map { .init($0.name, .string($0.reason)) })),
      ])
  }
}
