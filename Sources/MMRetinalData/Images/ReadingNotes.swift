import Synchronization

/// What readers of manifests and images understood or left as it is, for a program to tell its user:
/// nothing of it is an error, and all of it changes what a model sees.
///
/// One collection for the process, because images are read in many places and on many threads.
public final class ReadingNotes: Sendable {
  /// The collection that the readers of this module use.
  public static let shared = ReadingNotes()

  /// Something about an image that the settings leave as it is.
  enum Peculiarity: Int, CaseIterable {
    case ignoredOrientation
    case clippedGray

    func sentence(_ count: Int, example: String) -> String {
      let images = "\(count) image\(count == 1 ? "" : "s") such as \(example)"
      return switch self {
      case .ignoredOrientation:
        "\(images): the EXIF orientation says that the image must be turned, which is ignored, as "
          + "published; --exif-orientation apply turns it"
      case .clippedGray:
        "\(images): 16-bit gray is clipped at 255, as published, which makes it white; "
          + "--gray16 scale keeps its range"
      }
    }
  }

  private struct State {
    var listener: (@Sendable (String) -> Void)?
    var told: Set<String> = []
    var images: [Peculiarity: (names: Set<Int>, example: String)] = [:]
  }
  private let state = Mutex(State())

  /// Gives notes about manifests to a listener as they come, each once.
  public func listen(_ listener: @escaping @Sendable (String) -> Void) {
    state.withLock { $0.listener = listener }
  }

  /// A sentence, told once.
  func tell(_ note: String) {
    let listener = state.withLock { state in
      guard state.listener != nil, state.told.insert(note).inserted else {
        return nil as (@Sendable (String) -> Void)?
      }
      return state.listener
    }
    listener?(note)
  }

  /// Counts an image, once however often it is read.
  func count(_ peculiarity: Peculiarity, image name: String) {
    state.withLock { state in
      _ = state.images[peculiarity, default: ([], name)].names.insert(name.hashValue)
    }
  }

  /// The sentences about images so far, with their numbers; forgets them.
  public func takeImageWarnings() -> [String] {
    state.withLock { state in
      defer { state.images = [:] }
      return Peculiarity.allCases.compactMap { kind in
        state.images[kind].map { kind.sentence($0.names.count, example: $0.example) }
      }
    }
  }
}
