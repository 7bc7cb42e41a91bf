import KeepFIT

/// The decoding of reports.
struct DecodingOptionGroup: OptionGroup {
  enum Method: String, ChoiceArgument {
    case beam, greedy, sample
  }
  enum Blocking: String, ChoiceArgument {
    case none, soft, hard
  }

  let method = Option<Method>(
    "method", "NAME", default: .beam,
    help: "Decoding method: beam search, greedy decoding, or sampling.")
  let beamSize = Option<Int>(
    "beam-size", "W", default: 3, in: 1...1024, help: "Beam size; all beams are reported.")
  let maximumLength = Option<Int>(
    "max-length", "T", in: 1...(ReportModel.Configuration.positions - 1),
    help: "Maximum number of words, including the end token; by default the model's.")
  let groups = Option<Int>(
    "groups", "G", in: 2...1024,
    help: "Diverse beam search: number of groups, a divisor of the beam size.")
  let diversity = Option<Double>(
    "diversity", "X", default: 0.5, in: 0...1e6,
    help: "Diverse beam search: penalty for each beam of earlier groups with the same word.")
  let lengthPenalty = Option<String>(
    "length-penalty", "NAME", default: "none",
    help:
      "Length penalty: none, avg (score / length), or wu_A, such as wu_0.9 "
      + "(score / ((5 + length) / 6)^A).",
    check: {
      DecodingOptionGroup.penalty($0) == nil ? "must be none, avg, or wu_ and a number" : nil
    })
  let trigrams = Option<Blocking>(
    "block-trigrams", "MODE", default: Blocking.none,
    help:
      "Repeated trigrams: allow (none), make four times less probable each time (soft), or block (hard)."
  )
  let noRepeats = Flag("no-repeats", help: "Never repeat a word immediately.")
  let noUnknown = Flag("no-unknown", help: "Never generate <unk>.")
  let temperature = Option<Double>(
    "temperature", "X", default: 1, in: 0.001...1000,
    help: "Sampling temperature, which divides the log-probabilities.")
  let topK = Option<Int>(
    "top-k", "K", in: 1...1_000_000, help: "Top-k sampling: sample from the K most probable words.")
  let topP = Option<Double>(
    "top-p", "P",
    help:
      "Top-p (nucleus) sampling: sample from the most probable words that reach this probability.",
    check: { $0 > 0 && $0 < 1 ? nil : "must be between 0 and 1" })
  let gumbel = Flag("gumbel", help: "Sample by adding Gumbel noise to the log-probabilities.")
  let seed = Option<UInt64>("seed", "N", default: 0, help: "Random seed, for sampling.")

  private static func penalty(_ text: String) -> ReportDecoding.LengthPenalty? {
    switch text {
    case "none", "": return ReportDecoding.LengthPenalty.none
    case "avg", "avg_0": return .average
    default:
      guard text.hasPrefix("wu_"), let alpha = Double(text.dropFirst(3)), alpha.isFinite,
        abs(alpha) <= 100
      else { return nil }
      return .wu(alpha)
    }
  }

  /// Refuses options that the method does not use.
  func validate(_ command: some Subcommand) throws {
    let name = "with --method \(method.value.rawValue)"
    if method.value != .beam {
      try command.refuseIdle(beamSize, groups, diversity, lengthPenalty, reason: name)
    } else if groups.given == nil {
      try command.refuseIdle(diversity, reason: "without --groups")
    }
    if method.value != .sample {
      try command.refuseIdle(topK, topP, gumbel, seed, reason: name)
    }
    if method.value == .greedy { try command.refuseIdle(temperature, reason: name) }
    if [topK.isGiven, topP.isGiven, gumbel.isGiven].count(where: { $0 }) > 1 {
      throw CommandError.usage("--top-k, --top-p and --gumbel are mutually exclusive")
    }
    if gumbel.isOn { try command.refuseIdle(temperature, reason: "with --gumbel") }
    if let count = groups.given, beamSize.value % count != 0 {
      throw CommandError.usage(
        "--groups \(count) must divide --beam-size \(beamSize.value)")
    }
  }

  /// The decoding settings for a model.
  /// - Throws: a usage error for settings that do not match the model.
  func decoding(for generator: ReportGenerator) throws -> ReportDecoding {
    var decoding = ReportDecoding(chosenMethod)
    decoding.maximumLength = maximumLength.given ?? generator.configuration.maximumLength
    decoding.temperature = temperature.value
    decoding.lengthPenalty = Self.penalty(lengthPenalty.value) ?? .none
    decoding.trigramBlocking =
      switch trigrams.value {
      case .none: .none
      case .soft: .soft
      case .hard: .hard
      }
    decoding.allowsRepeats = !noRepeats.isOn
    if noUnknown.isOn { decoding.bannedTokens = [generator.vocabulary.unknownID] }
    if let problem = decoding.problem(tokenCount: generator.vocabulary.idCount) {
      throw CommandError.usage("--\(method.isGiven ? "method" : "beam-size"): \(problem)")
    }
    return decoding
  }

  private var chosenMethod: ReportDecoding.Method {
    switch method.value {
    case .greedy: return .greedy
    case .beam:
      guard let groups = groups.given else { return .beam(size: beamSize.value) }
      return .diverseBeam(size: beamSize.value, groups: groups, strength: diversity.value)
    case .sample:
      if let count = topK.given { return .sample(.topK(count)) }
      if let mass = topP.given { return .sample(.topP(mass)) }
      return .sample(gumbel.isOn ? .gumbel : .all)
    }
  }
}
