import FundusTensor

extension ReportModel {
  /// The sizes and dropout rates of a ``ReportModel``; the defaults are the published ones.
  public struct Configuration: Sendable, Equatable {
    /// The image encoder.
    public var vision = ResNetConfiguration.resnet50
    /// D, the features of a word and of an image patch within the transformer.
    public var width = 512
    /// The features between the two maps of a feed-forward block.
    public var feedForward = 512
    /// The heads of each attention, a divisor of D.
    public var heads = 8
    /// The layers of the encoder, and of the decoder.
    public var layers = 3
    /// V', the number of ids: the words of the vocabulary and id 0, which opens and ends a report.
    public var vocabularySize: Int
    /// The dropout rate at the end of each sublayer, within feed-forward blocks, and of the embedded
    /// words.
    public var dropout: Float = 0.1
    /// The dropout rate of attention weights.
    public var attentionDropout: Float = 0.1
    /// The dropout rate of the embedded patches.
    public var embeddingDropout: Float = 0.5

    /// The published sizes for a vocabulary.
    /// - Parameter vocabularySize: the number of ids, which is one more than the number of words.
    public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

    /// The length of the table of positional encodings; no report may be longer.
    public static let positions = 5000

    /// A description of the first invalid value, or nil.
    public var problem: String? {
      if !(2...65536).contains(width) { return "a width of \(width) is not within 2 to 65536" }
      if !(1...65536).contains(feedForward) {
        return "a feed-forward width of \(feedForward) is not within 1 to 65536"
      }
      if heads < 1 || width % heads != 0 {
        return "\(heads) heads do not divide the width \(width)"
      }
      if !(1...64).contains(layers) { return "\(layers) layers are not within 1 to 64" }
      if !(2...(1 << 24)).contains(vocabularySize) {
        return "\(vocabularySize) ids are not within 2 to \(1 << 24)"
      }
      return nil
    }
  }
}
