import FundusTensor

extension ReportDecoding {
  /// The decoded reports of studies.
  public struct Outcome: Sendable, Equatable {
    /// The reports of each study, best first: as many as there are beams, or one.
    public let reports: [[DecodedReport]]
    /// The number of model calls.
    public let steps: Int
  }

  /// Decodes studies together.
  ///
  /// The report of a study depends neither on the other studies nor on whether the search
  /// ``stopsEarly``. The model is called at most ``maximumLength`` times, for all studies whose answer
  /// is not known yet.
  /// - Parameters:
  ///   - model: what gives the probabilities; it must not have been called yet.
  ///   - streams: the random numbers of each study, for sampling.
  /// - Throws: ``ReportDecodingError`` where scores are no numbers, and what the model throws.
  /// - Precondition: the settings have no ``problem(tokenCount:)``.
  public func run(
    _ model: some NextTokenModel, streams: [RandomStream]
  ) throws -> Outcome {
    var model = model
    if let problem = problem(tokenCount: model.tokenCount) { preconditionFailure(problem) }
    var searches = streams.enumerated().map { StudySearch(self, row: $0, stream: $1) }
    var active = Array(searches.indices)
    var parents = active
    var tokens = [Int32](repeating: 0, count: active.count)
    var steps = 0
    while !active.isEmpty, steps < maximumLength {
      let scores = try model.logProbabilities(parents: parents, tokens: tokens)
      precondition(
        scores.shape == [parents.count, model.tokenCount], "scores of \(scores.shape)")
      for study in active {
        guard searches[study].advance(scores, step: steps) else {
          throw ReportDecodingError.notFinite(study: study, step: steps)
        }
      }
      steps += 1
      active.removeAll { searches[$0].isFinished(stopsEarly: stopsEarly) }
      parents = []
      tokens = []
      for study in active {
        let next = searches[study].continuations
        searches[study].assignRows(from: parents.count)
        parents += next.map(\.parent)
        tokens += next.map(\.token)
      }
    }
    return Outcome(reports: searches.map(\.reports), steps: steps)
  }

  /// Decodes studies together, for methods without sampling.
  /// - Parameters:
  ///   - model: what gives the probabilities; it must not have been called yet.
  ///   - studies: how many there are.
  /// - Throws: as ``run(_:streams:)``.
  public func run(_ model: some NextTokenModel, studies: Int) throws -> Outcome {
    try run(model, streams: Array(repeating: RandomStream(seed: 0), count: studies))
  }
}

extension ReportModel {
  /// Generates the reports of studies, caching the keys and values of earlier words.
  /// - Parameters:
  ///   - memory: the encoded studies.
  ///   - decoding: how words are chosen.
  ///   - streams: the random numbers of each study; nil where nothing is drawn.
  /// - Throws: ``ReportDecodingError`` where scores are no numbers.
  public func decode(
    _ memory: ReportMemory, _ decoding: ReportDecoding, streams: [RandomStream]? = nil
  ) throws -> ReportDecoding.Outcome {
    let session = ReportSession(self, memory: memory)
    return try streams.map { try decoding.run(session, streams: $0) }
      ?? decoding.run(session, studies: memory.studies)
  }

  /// The attention map of each word of a report: the attention of the last layer to the patches, averaged
  /// over heads.
  /// - Parameters:
  ///   - memory: one encoded study.
  ///   - tokens: the words, without the opening 0.
  /// - Returns: `[words, rows, columns]` of the patches; each word's map sums to 1.
  public func attention(_ memory: ReportMemory, tokens: [Int32]) -> Tensor {
    precondition(memory.studies == 1, "the attention of one study, not \(memory.studies)")
    var session = ReportSession(self, memory: memory, keepsAttention: true)
    var maps: [Tensor] = []
    for token in [0] + tokens.dropLast() {
      _ = session.logProbabilities(parents: [0], tokens: [token])
      if let map = session.attention { maps.append(map) }
    }
    guard !tokens.isEmpty else { return Tensor(zeros: [0, memory.grid.rows, memory.grid.columns]) }
    return Tensor.concatenated(maps)
      .reshaped([tokens.count, memory.grid.rows, memory.grid.columns])
  }
}
