/// What ``InferenceService`` accepts in one request. The size of a body is the listener's limit.
public struct ServiceLimits: Sendable {
  /// The most bytes of a body, for messages and the page; the listener enforces it.
  public var uploadBytes = 32 << 20
  /// The most pixels of an image.
  public var pixels = 100_000_000
  /// The most labels of a request.
  public var labels = 100
  /// The most characters of a label.
  public var labelLength = 200
  /// The most characters of a prompt template or a text.
  public var textLength = 1000
  /// The most search results.
  public var matches = 100

  /// The defaults.
  public init() {}
}
