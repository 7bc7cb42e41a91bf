import Foundation

/// The architecture of a BERT model, with the keys of Hugging Face's `BertConfig`.
public struct BertConfiguration: Codable, Sendable, Equatable {
  /// The vocabulary size.
  public var vocabularySize = 28_996
  /// The dimension D of the hidden states.
  public var hiddenSize = 768
  /// Number of encoder layers.
  public var layerCount = 12
  /// Number of attention heads, a divisor of ``hiddenSize``.
  public var headCount = 12
  /// The hidden dimension of the feed-forward blocks.
  public var intermediateSize = 3072
  /// The maximum text length in tokens.
  public var maximumPositions = 512
  /// The number of token type embeddings, of which only the first is used.
  public var tokenTypeCount = 2
  /// The dropout rate after the embeddings and each block.
  public var hiddenDropout: Float = 0.1
  /// The dropout rate of the attention weights.
  public var attentionDropout: Float = 0.1
  /// The epsilon of layer normalization.
  public var layerNormEpsilon: Float = 1e-12

  /// The padding token, whose word embedding is not trained.
  public var paddingID: Int32 = 0
  /// The activation; only `gelu` (exact) is supported.
  public var activation = "gelu"

  enum CodingKeys: String, CodingKey {
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case layerCount = "num_hidden_layers"
    case headCount = "num_attention_heads"
    case intermediateSize = "intermediate_size"
    case maximumPositions = "max_position_embeddings"
    case tokenTypeCount = "type_vocab_size"
    case hiddenDropout = "hidden_dropout_prob"
    case attentionDropout = "attention_probs_dropout_prob"
    case layerNormEpsilon = "layer_norm_eps"
    case paddingID = "pad_token_id"
    case activation = "hidden_act"
  }

  /// Required values of other keys of Hugging Face's `BertConfig`, since other encoders are not supported.
  package static let fixedValues: [(name: String, value: JSONValue)] = [
    ("position_embedding_type", .string("absolute")), ("is_decoder", .bool(false)),
    ("add_cross_attention", .bool(false)),
  ]

  /// Accepted keys of a `BertConfig`, which do not affect embeddings or have a fixed value.
  package static let otherNames =
    fixedValues.map(\.name) + [
      "_name_or_path", "architectures", "attn_implementation", "classifier_dropout",
      "directionality", "dtype", "gradient_checkpointing", "initializer_range", "model_type",
      "torch_dtype", "transformers_version", "use_cache",
    ]

  /// BERT base with the cased vocabulary, the architecture of Bio_ClinicalBERT.
  public init() {}

  /// BERT base with the cased vocabulary.
  public static let base = BertConfiguration()

  /// Decodes a `BertConfig`; missing keys have the values of ``base``.
  /// - Throws: `DecodingError` for values of another type, ``BertConfigurationError`` for invalid values.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(.vocabularySize, &vocabularySize)
    try read(.hiddenSize, &hiddenSize)
    try read(.layerCount, &layerCount)
    try read(.headCount, &headCount)
    try read(.intermediateSize, &intermediateSize)
    try read(.maximumPositions, &maximumPositions)
    try read(.tokenTypeCount, &tokenTypeCount)
    try read(.hiddenDropout, &hiddenDropout)
    try read(.attentionDropout, &attentionDropout)
    try read(.layerNormEpsilon, &layerNormEpsilon)
    try read(.paddingID, &paddingID)
    try read(.activation, &activation)
    try validate()
  }

  /// Checks the preconditions of model initialization.
  /// - Throws: ``BertConfigurationError``.
  public func validate() throws(BertConfigurationError) {
    let sizes: [(CodingKeys, Int)] = [
      (.vocabularySize, vocabularySize), (.hiddenSize, hiddenSize), (.layerCount, layerCount),
      (.headCount, headCount), (.intermediateSize, intermediateSize),
      (.maximumPositions, maximumPositions), (.tokenTypeCount, tokenTypeCount),
    ]
    // Below 2^24, far above any real model, products of sizes cannot overflow.
    for (key, size) in sizes where !(1...(1 << 24)).contains(size) {
      throw .init(key: key.rawValue, expected: "1 to \(1 << 24)", found: "\(size)")
    }
    guard hiddenSize % headCount == 0 else {
      throw .init(
        key: CodingKeys.headCount.rawValue, expected: "a divisor of hidden_size \(hiddenSize)",
        found: "\(headCount)")
    }
    let rates: [(CodingKeys, Float)] = [
      (.hiddenDropout, hiddenDropout), (.attentionDropout, attentionDropout),
    ]
    for (key, rate) in rates where !(rate >= 0 && rate < 1) {
      throw .init(key: key.rawValue, expected: "at least 0 and below 1", found: "\(rate)")
    }
    guard layerNormEpsilon > 0, layerNormEpsilon < 1 else {
      throw .init(
        key: CodingKeys.layerNormEpsilon.rawValue, expected: "above 0 and below 1",
        found: "\(layerNormEpsilon)")
    }
    guard activation == "gelu" else {
      throw .init(key: CodingKeys.activation.rawValue, expected: "gelu", found: activation)
    }
  }
}

/// An invalid value of a BERT configuration.
public struct BertConfigurationError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// The key in the file, for example `num_attention_heads`.
  public let key: String
  /// The valid values.
  public let expected: String
  /// The value found.
  public let found: String

  /// A one-line description.
  public var description: String {
    "text configuration, \(key): expected \(expected), found \(found.debugDescription)"
  }

  /// The same as ``description``.
  public var errorDescription: String? { description }
}
