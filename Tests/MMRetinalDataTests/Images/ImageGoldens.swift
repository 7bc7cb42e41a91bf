import Foundation

/// The files and pixels that `Scripts/goldens/images.py` wrote.
struct ImageGoldens: Decodable {
  struct Image: Decodable {
    let width: Int
    let height: Int
    let rgb: Data
  }

  struct Case: Decodable {
    let name: String
    let file: Data
    let width: Int
    let height: Int
    let rgb: Data
    let upright: Image?
  }

  struct Encoded: Decodable {
    let width: Int
    let height: Int
    let pixels: Data
    let decoded: Data
  }

  let cases: [Case]
  let encoded: Encoded

  static let shared: ImageGoldens = {
    let url = Bundle.module.url(forResource: "Goldens/images", withExtension: "json")!
    return try! JSONDecoder().decode(ImageGoldens.self, from: Data(contentsOf: url))
  }()

  static func file(_ name: String) -> Data { shared.cases.first { $0.name == name }!.file }
}
