import FundusTensor

extension ReportEvaluation {
  /// The evaluation as JSON; undefined scores are null, with the reason under `undefined`.
  package var json: JSONValue {
    let corpus = scored.corpus
    var members: [JSONValue.Member] = [
      .init("metrics", Self.object(CaptionMetric.allCases) { .optional(corpus[$0]) }),
      .init("samples", .integer(scored.pairs.count)),
      .init("undefined", .object(undefined.map { .init($0.name, .string($0.reason)) })),
      .init(
        "definitions",
        Self.object(CaptionMetric.allCases) { metric in
          .object([
            .init("variant", .string(metric.variant)),
            .init("tokenization", .string(metric.tokenization)),
          ])
        }),
      .init(
        "meteor_function_words",
        .object([
          .init("source", .string(options.functionWords.name)),
          .init("count", .integer(options.functionWords.count)),
        ])),
    ]
    if !intervals.isEmpty {
      members.append(
        .init(
          "intervals",
          .object([
            .init("confidence", .number(0.95)),
            .init("method", .string("percentile bootstrap over samples")),
            .init("resamples", .integer(options.resamples)), .init("seed", .seed(options.seed)),
            .init(
              "metrics",
              Self.object(CaptionMetric.allCases.filter { intervals[$0] != nil }) { metric in
                .array([
                  .optional(intervals[metric]?.lower), .optional(intervals[metric]?.upper),
                ])
              }),
          ])))
    }
    if let control { members.append(.init("shuffled_control", control.json(seed: options.seed))) }
    members.append(
      .init(
        "collapse",
        .object([.init("hypotheses", hypotheses.json), .init("references", references.json)])))
    members.append(.init("findings", findings.json(lexicon: options.lexicon.name)))
    return .object(members)
  }

  /// The undefined scores, with reasons.
  package var undefined: [(name: String, reason: String)] {
    CaptionMetric.allCases.filter { scored.corpus[$0] == nil }
      .map { ($0.rawValue, CaptionScores.undefinedCIDEr) }
  }

  /// One JSON object per line for each sample: its scores and the findings of its texts.
  package var sampleLines: String {
    scored.pairs.indices.map { index in
      let scores = scored.sample(index)
      let sample = findings.samples[index]
      return JSONValue.object([
        .init("id", .string(scored.pairs[index].id)),
        .init("metrics", Self.object(CaptionMetric.allCases) { .optional(scores[$0]) }),
        .init(
          "findings",
          .object([
            .init("right", .strings(sample.right)), .init("missed", .strings(sample.missed)),
            .init("invented", .strings(sample.invented)),
          ])),
      ]).serialized() + "\n"
    }.joined()
  }

  fileprivate static func object(
    _ metrics: [CaptionMetric], _ value: (CaptionMetric) -> JSONValue
  ) -> JSONValue {
    .object(metrics.map { .init($0.rawValue, value($0)) })
  }
}

extension ShuffledControl {
  fileprivate func json(seed: UInt64) -> JSONValue {
    let metrics = CaptionMetric.allCases.filter { mean[$0] != nil }
    var members: [JSONValue.Member] = [
      .init("shuffles", .integer(shuffles)), .init("seed", .seed(seed)),
      .init("unchanged_share", .double(unchangedShare)),
      .init("metrics", ReportEvaluation.object(metrics) { .optional(mean[$0]) }),
      .init("findings_micro_f1", .optional(microF1)),
    ]
    if !deviation.isEmpty {
      members.append(
        .init("standard_deviation", ReportEvaluation.object(metrics) { .optional(deviation[$0]) }))
    }
    return .object(members)
  }
}

extension CollapseStatistics {
  fileprivate var json: JSONValue {
    .object([
      .init("reports", .integer(reports)), .init("distinct_reports", .integer(distinctReports)),
      .init("empty_reports", .integer(emptyReports)),
      .init("commonest_share", .double(commonestShare)), .init("commonest", .string(commonest)),
      .init("four_grams", .integer(fourGrams)),
      .init("distinct_four_grams", .integer(distinctFourGrams)),
      .init("mean_words", .double(meanLength)),
    ])
  }
}

extension FindingScores {
  fileprivate func json(lexicon: String) -> JSONValue {
    .object([
      .init("lexicon", .string(lexicon)),
      .init("micro", total.json), .init("macro_f1", .optional(macroF1)),
      .init("by_finding", .object(findings.map { .init($0.name, $0.counts.json) })),
    ])
  }
}

extension FindingScores.Counts {
  fileprivate var json: JSONValue {
    .object([
      .init("n", .integer(references)), .init("predicted", .integer(hypotheses)),
      .init("right", .integer(right)), .init("missed", .integer(missed)),
      .init("invented", .integer(invented)), .init("precision", .optional(precision)),
      .init("recall", .optional(recall)), .init("f1", .optional(f1)),
    ])
  }
}

extension JSONValue {
  fileprivate static func optional(_ value: Double?) -> JSONValue {
    value.map { .double($0) } ?? .null
  }

  fileprivate static func strings(_ texts: [String]) -> JSONValue {
    .array(texts.map { .string($0) })
  }

  fileprivate static func seed(_ seed: UInt64) -> JSONValue {
    Int(exactly: seed).map { .integer($0) } ?? .string(String(seed))
  }
}
