/// The results of the KeepFIT paper (MICCAI 2024, arXiv 2405.11793), read from its tables, by published
/// experiment.
///
/// Table 1: few-shot and zero-shot. Table 2 (a): transfer with a linear probe. The checkpoints of two rows are
/// published, so that only these can be measured again.
public enum PaperTables {
  /// The source, as reports quote it.
  public static let source = "KeepFIT (MICCAI 2024, arXiv 2405.11793)"

  /// An ambiguity of the tables.
  static let caution =
    "The heading of the paper's Table 2 gives 20 % training and 20 % test images for REFUGE, FIVES and "
    + "ODIR200x3, the authors' instructions 80 % and 20 %; its results are shown next to both, and "
    + "agreement with one of them does not show which was used."

  /// A row of the tables.
  private struct Row {
    let model: String
    let data: String
    let isReleased: Bool
    /// Table 1: CLIP-Adapter, TIP-Adapter and TIP-Adapter-F with 1, 5 and 10 shots on ODIR200x3 (ACA).
    let fewShot: [Double]
    /// Table 1: zero-shot on REFUGE (AUC), FIVES (ACA) and ODIR200x3 (ACA).
    let zeroShot: [Double]
    /// Table 2 (a): REFUGE, FIVES, ODIR200x3 and TAOP (ACA), AMD (AUC, F1).
    let probe: [Double]
  }

  private static let rows: [Row] = [
    Row(
      model: "FLAIR", data: "flair", isReleased: false,
      fewShot: [0.720, 0.823, 0.863, 0.403, 0.413, 0.422, 0.417, 0.462, 0.535],
      zeroShot: [0.926, 0.670, 0.403], probe: [0.831, 0.835, 0.875, 0.468, 0.963, 0.960]),
    Row(
      model: "FLAIR", data: "flair+syn", isReleased: false,
      fewShot: [0.735, 0.827, 0.852, 0.603, 0.622, 0.632, 0.580, 0.647, 0.672],
      zeroShot: [0.880, 0.617, 0.520], probe: [0.847, 0.842, 0.890, 0.549, 0.952, 0.953]),
    Row(
      model: "KeepFIT", data: "flair", isReleased: false,
      fewShot: [0.763, 0.848, 0.847, 0.780, 0.782, 0.795, 0.775, 0.785, 0.803],
      zeroShot: [0.931, 0.666, 0.768], probe: [0.837, 0.838, 0.903, 0.556, 0.951, 0.957]),
    Row(
      model: "KeepFIT", data: "flair+syn", isReleased: false,
      fewShot: [0.795, 0.858, 0.862, 0.751, 0.777, 0.783, 0.760, 0.795, 0.807],
      zeroShot: [0.856, 0.696, 0.777], probe: [0.832, 0.842, 0.890, 0.579, 0.976, 0.969]),
    Row(
      model: "KeepFIT", data: "50% flair+MM", isReleased: true,
      fewShot: [0.832, 0.873, 0.887, 0.862, 0.870, 0.872, 0.870, 0.883, 0.873],
      zeroShot: [0.934, 0.654, 0.862], probe: [0.856, 0.834, 0.913, 0.700, 0.962, 0.962]),
    Row(
      model: "KeepFIT", data: "flair+MM", isReleased: true,
      fewShot: [0.848, 0.878, 0.893, 0.823, 0.843, 0.842, 0.820, 0.847, 0.853],
      zeroShot: [0.941, 0.731, 0.812], probe: [0.861, 0.851, 0.915, 0.684, 0.971, 0.966]),
    Row(
      model: "multi-task (MoE)", data: "flair", isReleased: false, fewShot: [], zeroShot: [],
      probe: [0.543, 0.364, 0.609, 0.239, 0.539, 0.405]),
    Row(
      model: "RETFound", data: "its own", isReleased: false, fewShot: [], zeroShot: [],
      probe: [0.809, 0.765, 0.907, 0.697, 0.945, 0.805]),
  ]

  /// The published experiments with results in the paper.
  public static let experiments = [
    "08_ODIR200x3", "13_FIVES", "25_REFUGE", "AMD", "TAOP_official",
  ]

  /// The paper's results for a published experiment; nil if it has none.
  public static func publication(for experiment: String) -> EvidenceReport.Publication? {
    guard experiments.contains(experiment) else { return nil }
    var figures: [EvidenceReport.Reference] = []
    for row in rows {
      func add(
        _ method: TransferMethod, _ shots: SampleCount?, _ metric: String, _ values: [Double],
        _ index: Int
      ) {
        guard values.indices.contains(index) else { return }
        figures.append(
          .init(
            method: method, shots: shots, metric: metric, value: values[index],
            model: "\(row.model), \(row.data)" + (row.isReleased ? " (released)" : "")))
      }
      func addProbe(_ index: Int) {
        for shots in [SampleCount.percent(20), .percent(80)] {
          add(.linearProbe, shots, "aca", row.probe, index)
        }
      }
      switch experiment {
      case "08_ODIR200x3":
        add(.zeroShot, nil, "aca", row.zeroShot, 2)
        let methods: [TransferMethod] = [.clipAdapter, .tipAdapter, .tipAdapterF]
        for (position, method) in methods.enumerated() {
          for (column, shots) in [1, 5, 10].enumerated() {
            add(method, .count(shots), "aca", row.fewShot, 3 * position + column)
          }
        }
        addProbe(2)
      case "13_FIVES":
        add(.zeroShot, nil, "aca", row.zeroShot, 1)
        addProbe(1)
      case "25_REFUGE":
        add(.zeroShot, nil, "auc_avg", row.zeroShot, 0)
        addProbe(0)
      case "TAOP_official": add(.linearProbe, .percent(100), "aca", row.probe, 3)
      default:
        add(.linearProbe, .percent(80), "AMD_auc", row.probe, 4)
        add(.linearProbe, .percent(80), "AMD_f1", row.probe, 5)
      }
    }
    return .init(
      source: source, figures: figures,
      caution: ["08_ODIR200x3", "13_FIVES", "25_REFUGE"].contains(experiment) ? caution : nil)
  }
}
