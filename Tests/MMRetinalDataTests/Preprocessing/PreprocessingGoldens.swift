import Foundation
import MMRetinalData

/// What `Scripts/goldens/preprocessing.py` wrote.
struct PreprocessingGoldens: Decodable {
  struct Case: Decodable {
    let name: String
    let file: Data
    let imageSize: Int
    let antialias: Bool
    let asStored: Bool
    let result: Data
    let truncated: Data?
  }

  struct Crop: Decodable {
    let height: Int
    let width: Int
    let pixels: Data
    let threshold: Double
    let box: [Int]?
  }

  struct Augmented: Decodable {
    let name: String
    let result: Data
    let flips: Bool?
    let affine: Augmentation.Affine?
    let jitter: Augmentation.Jitter?
    let order: [Augmentation.ColorStep]?
  }

  struct Augmentations: Decodable {
    let size: Int
    let input: Data
    let cases: [Augmented]
  }

  let cases: [Case]
  let crops: [Crop]
  let augmentations: Augmentations

  static let shared: PreprocessingGoldens = {
    let url = Bundle.module.url(forResource: "Goldens/preprocessing", withExtension: "json")!
    return try! JSONDecoder().decode(PreprocessingGoldens.self, from: Data(contentsOf: url))
  }()

  static func floats(_ data: Data) -> [Float] {
    stride(from: 0, to: data.count, by: 4).map { at in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[at + $1]) << UInt32(8 * $1) })
    }
  }

  /// The largest difference; infinite where the sizes differ or something is not a number.
  static func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    var largest: Float = 0
    for (x, y) in zip(a, b) {
      let distance = abs(x - y)
      if !(distance <= largest) { largest = distance.isNaN ? .infinity : distance }
    }
    return largest
  }
}
