/// The eye of a photograph.
public enum Laterality: String, Sendable, Hashable, Codable, CaseIterable {
  /// The left eye (OS).
  case left
  /// The right eye (OD).
  case right

  /// The eye that a path names, as in `12_left.jpg`, `OD/7.png` or `0001R.tif`; nil if it names none.
  public init?(path: String) {
    guard let name = EyeName(path) else { return nil }
    self = name.isLeft ? .left : .right
  }
}
