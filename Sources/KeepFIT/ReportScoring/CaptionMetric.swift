/// The scores of texts against reference texts, under the names of the published evaluation.
public enum CaptionMetric: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  case bleu1 = "BLEU_1"
  case bleu2 = "BLEU_2"
  case bleu3 = "BLEU_3"
  case bleu4 = "BLEU_4"
  case meteor = "METEOR"
  case rougeL = "ROUGE_L"
  case cider = "CIDER"

  /// The variant of the metric.
  public var variant: String {
    switch self {
    case .bleu1, .bleu2, .bleu3, .bleu4:
      "corpus BLEU, clipped n-gram counts summed over samples, closest reference length, "
        + "brevity penalty over the corpus, smoothed by 1e-15 / 1e-9"
    case .meteor:
      "METEOR 1.5, modules exact and stem (weights 1.0, 0.6), alpha 0.85, beta 0.20, gamma 0.60, "
        + "delta 0.75, computed from the statistics summed over samples"
    case .rougeL: "mean over samples of ROUGE-L F, beta 1.2"
    case .cider:
      "CIDEr-D (sigma 6, times 10), document frequencies of the scored references, mean over samples"
    }
  }

  /// The tokenization of the metric.
  public var tokenization: String {
    switch self {
    case .bleu1, .bleu2, .bleu3, .bleu4, .cider: "split at white space; case and punctuation kept"
    case .meteor: "METEOR's English normalization (punctuation split off, lower case)"
    case .rougeL: "split at single spaces; case and punctuation kept"
    }
  }
}
