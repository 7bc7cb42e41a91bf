/// Notes of readers of manifests and images on how input was interpreted, for a program to show to its user:
/// none is an error, but all of them affect the model input.
///
/// There is one collection per process, because images are read in many places and on many threads.
public final class ReadingNotes: Sendable {
  /// The collection used by the readers of this module.
  public static let shared = ReadingNotes()

  /// A property of an image that the current settings ignore.
  enum Peculiarity: Int, CaseIterable {
    case ignoredOrientation
    case clippedGray
    case noField

    func sentence(_ count: Int, example: String) -> String {
      let images = "\(counted(count, "image")) such as \(example)"
      return switch self {
      case .ignoredOrientation:
        "\(images): the EXIF orientation is ignored, as published; --exif-orientation apply rotates "
          + "the image"
      case .clippedGray:
        "\(images): 16-bit gray is clipped at 255, as published, which makes most pixels white; "
          + "--gray16 scale keeps the range"
      case .noField:
        "\(images): no circular field of view was found, so the image was not cropped"
      }
    }
  }

  private struct State {
    var listener: (@Sendable (String) -> Void)?
    var told: Set<String> = []
    var images: [Peculiarity: (names: Set<Int>, example: String)] = [:]
  }
  private let state = Guarded(State())

  /// Sets a listener for notes on manifests, each of which is reported once.
  public func listen(_ listener: @escaping @Sendable (String) -> Void) {
    state.withLock { $0.listener = listener }
  }

  /// Reports a sentence, once.
  func tell(_ note: String) {
    let listener = state.withLock { state in
      guard state.listener != nil, state.told.insert(note).inserted else {
        return nil as (@Sendable (String) -> Void)?
      }
      return state.listener
    }
    listener?(note)
  }

  /// Whether a sentence was reported.
  package func hasTold(_ note: String) -> Bool { state.withLock { $0.told.contains(note) } }

  /// Counts an image, once even if it is read several times.
  func count(_ peculiarity: Peculiarity, image name: String) {
    state.withLock { state in
      _ = state.images[peculiarity, default: ([], name)].names.insert(name.hashValue)
    }
  }

  /// Returns the warnings on images so far, with counts, and removes them.
  public func takeImageWarnings() -> [String] {
    state.withLock { state in
      defer { state.images = [:] }
      return Peculiarity.allCases.compactMap { kind in
        state.images[kind].map { kind.sentence($0.names.count, example: $0.example) }
      }
    }
  }
}
