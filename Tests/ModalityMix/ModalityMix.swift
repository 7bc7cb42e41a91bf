import FundusSynthesis
import MMRetinalData

/// Images of known modality as books print them, to train and to measure ``ModalityClassifier``.
///
/// A third of the retinal images are sketches (``SketchedRetina``), so that the details of one renderer do
/// not decide. All are then cropped, shrunk, lettered, framed and printed pale or dark at random.
public struct ModalityMix: Sendable {
  /// An image of the mix.
  public struct Sample: Sendable {
    /// The image.
    public let image: FundusImage
    /// How it was taken.
    public let modality: BookModality
    /// How it was made, for tables of errors.
    public let origin: String
  }

  /// Names the mix; two seeds share no image.
  public let seed: UInt64
  /// The share of retinal images that are sketches.
  public var sketches: Float = 0.35

  /// A mix.
  public init(seed: UInt64) { self.seed = seed }

  /// One of an endless row of samples; a quarter of them shows no retina.
  public subscript(index: Int) -> Sample {
    var stream = RandomStream(seed: seed).derived("modality mix").derived(UInt64(index))
    let modality = BookModality.allCases[index % BookModality.allCases.count]
    let own = stream.next()
    let size = 96 + stream.index(below: 160)
    var origin: String
    var image: FundusImage
    if let kind = modality.retinal {
      if stream.uniform() < sketches {
        origin = "sketch"
        image = SketchedRetina(modality: kind, seed: own).render(size: size)
      } else {
        origin = "rendered"
        image = Self.rendered(kind, seed: own, size: size, &stream)
      }
    } else {
      let kinds = SyntheticDecoy.Kind.allCases
      let kind = kinds[stream.index(below: kinds.count)]
      origin = kind.rawValue
      image = SyntheticDecoy(kind: kind, seed: own).render(size: size)
    }
    var label = modality
    if modality == .colorFundus, stream.uniform() < 0.06 {
      origin = "gray print"
      image = image.mapped { _, _, gray in (gray, gray, gray) }
      label = .angiography
    }
    if modality == .coherenceTomography { image = Self.scanStyle(image, &origin, &stream) }
    image = PrintedImage.printed(image, modality: modality, &stream)
    return Sample(image: image, modality: label, origin: "\(modality.rawValue) \(origin)")
  }

  private static func rendered(
    _ modality: ImagingModality, seed: UInt64, size: Int, _ stream: inout RandomStream
  ) -> FundusImage {
    let diseases = FundusDisease.allCases.filter { $0.modalities.contains(modality) }
    let disease = diseases[stream.index(below: diseases.count)]
    let image = SyntheticFundus(modality: modality, disease: disease, seed: seed).render(size: size)
      .image
    guard modality == .coherenceTomography, stream.uniform() < 0.8 else { return image }
    // B-scans are printed wide.
    let height = Int(Float(size) * stream.uniform(in: 0.35..<0.9))
    return image.cropped(x: 0, y: min(size - height, Int(0.9 * Float(size)) - height), size, height)
  }

  /// A B-scan as it is, inverted, in false colors or tinted.
  private static func scanStyle(
    _ image: FundusImage, _ origin: inout String, _ stream: inout RandomStream
  ) -> FundusImage {
    let style = stream.uniform()
    if style < 0.2 {
      origin += " inverted"
      return image.mapped { _, _, gray in (255 - gray, 255 - gray, 255 - gray) }
    }
    if style < 0.45 {
      origin += " false color"
      let scale = FalseColors.allCases[stream.index(below: FalseColors.allCases.count)]
      let table = (0..<256).map { scale.color(Float($0) / 255) }
      return image.mapped { _, _, gray in table[Int(gray)] }
    }
    return image
  }
}

extension BookModality {
  /// The modality that the renderers know; nil for `other`.
  var retinal: ImagingModality? { ImagingModality(rawValue: rawValue) }
}

/// Colors that tomographs show brightness in.
enum FalseColors: CaseIterable {
  case rainbow, jet, hot, green, blueOrange

  func color(_ value: Float) -> (UInt8, UInt8, UInt8) {
    let stops: [(Float, Float, Float)] =
      switch self {
      case .rainbow:
        [(0, 0, 0.05), (0, 0, 0.75), (0, 0.75, 0.35), (1, 0.95, 0), (0.95, 0.1, 0), (1, 1, 1)]
      case .jet: [(0, 0, 0.5), (0, 0.2, 1), (0.2, 1, 0.8), (1, 0.9, 0), (1, 0.1, 0), (0.5, 0, 0)]
      case .hot: [(0, 0, 0), (0.45, 0, 0), (0.95, 0.2, 0), (1, 0.75, 0), (1, 1, 1)]
      case .green: [(0, 0, 0), (0, 0.45, 0.1), (0.3, 0.95, 0.3), (1, 1, 0.9)]
      case .blueOrange:
        [(0, 0, 0.1), (0.1, 0.2, 0.6), (0.6, 0.5, 0.6), (1, 0.65, 0.2), (1, 1, 0.85)]
      }
    let place = min(max(value, 0), 0.9999) * Float(stops.count - 1)
    let (a, b, t) = (stops[Int(place)], stops[Int(place) + 1], place - place.rounded(.down))
    func byte(_ x: Float, _ y: Float) -> UInt8 { UInt8((x + (y - x) * t) * 255) }
    return (byte(a.0, b.0), byte(a.1, b.1), byte(a.2, b.2))
  }
}
