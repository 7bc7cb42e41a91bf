/// The specification of a synthetic fundus image: its modality, the findings of the eye, and the random seed
/// of everything else.
///
/// The same specification renders the same image on any number of threads; at another size, the image shows
/// the same eye.
public struct SyntheticFundus: Sendable, Equatable {
  /// A requested finding.
  public struct Request: Sendable, Hashable {
    /// The finding to render.
    public var kind: FindingKind
    /// The severity, from 0 (barely visible) to 1 (most severe).
    public var severity: Float
    /// The location, for findings that can occur in several places.
    public var area: FindingArea

    /// Creates a request.
    public init(_ kind: FindingKind, severity: Float = 0.6, area: FindingArea = .anywhere) {
      self.kind = kind
      self.severity = severity
      self.area = area
    }
  }

  /// The kind of image.
  public var modality: ImagingModality
  /// The eye, or nil to let the seed choose.
  public var laterality: Laterality?
  /// The diagnosis that captions and labels give, if there is one.
  public var disease: FundusDisease?
  /// The findings of the eye; empty for a healthy one.
  public var findings: [Request]
  /// The phase of an angiogram; nil to let the seed choose.
  public var phase: AngiogramPhase?
  /// The random seed of anatomy, camera and finding locations.
  public var seed: UInt64

  /// Describes an image.
  public init(
    modality: ImagingModality = .colorFundus, findings: [Request] = [],
    laterality: Laterality? = nil, phase: AngiogramPhase? = nil, seed: UInt64
  ) {
    self.modality = modality
    self.findings = findings
    self.laterality = laterality
    self.phase = phase
    self.seed = seed
  }

  /// Describes an image of an eye with a disease; the seed determines which of its findings are present and
  /// how severe they are.
  public init(
    modality: ImagingModality = .colorFundus, disease: FundusDisease,
    laterality: Laterality? = nil, phase: AngiogramPhase? = nil, seed: UInt64
  ) {
    let stream = RandomStream(seed: seed).derived("disease")
    self.init(
      modality: modality, findings: disease.findings(stream: stream), laterality: laterality,
      phase: phase, seed: seed)
    self.disease = disease
  }

  /// Renders the image.
  ///
  /// Takes about a tenth of a second on one core for 512 pixels, in proportion to the area.
  ///
  /// - Parameter size: pixels along each side, at least 16.
  public func render(size: Int = 512) -> RenderedFundus {
    precondition(size >= 16, "a fundus image needs 16 pixels along each side, not \(size)")
    let scene = FundusScene(self, size: size)
    let canvas: Canvas
    let masks: [FindingKind: Plane]
    switch modality {
    case .colorFundus: (canvas, masks) = ColorRenderer(eye: scene.eye).render(scene.findings)
    case .angiography:
      (canvas, masks) = AngiogramRenderer(eye: scene.eye, phase: scene.phase)
        .render(scene.findings)
    case .coherenceTomography:
      (canvas, masks) = TomogramRenderer(eye: scene.eye).render(scene.findings)
    }
    return RenderedFundus(canvas: canvas, masks: masks, scene: scene, request: self)
  }
}

/// A rendered image with its ground truth.
public struct RenderedFundus: Sendable {
  /// Pixels along each side.
  public let size: Int
  /// Red, green and blue of each pixel, row by row.
  public let pixels: [UInt8]
  /// The mask of each localized finding, row by row: 255 where it is visible, 0 elsewhere.
  public let masks: [FindingKind: [UInt8]]
  /// The rendered eye.
  public let laterality: Laterality
  private let scene: FundusScene
  private let request: SyntheticFundus

  init(
    canvas: Canvas, masks: [FindingKind: Plane], scene: FundusScene, request: SyntheticFundus
  ) {
    size = canvas.width
    var bytes = [UInt8](repeating: 0, count: 3 * canvas.pixels.count)
    for (index, color) in canvas.pixels.enumerated() {
      let scaled = (color * 255).rounded(.toNearestOrAwayFromZero)
      bytes[3 * index] = UInt8(scaled.x)
      bytes[3 * index + 1] = UInt8(scaled.y)
      bytes[3 * index + 2] = UInt8(scaled.z)
    }
    pixels = bytes
    let view = scene.eye.view
    self.masks = masks.mapValues { plane in
      var mask = [UInt8](repeating: 0, count: plane.values.count)
      for y in 0..<plane.height {
        for x in 0..<plane.width {
          let index = y * plane.width + x
          let seen =
            request.modality == .coherenceTomography
            || (Point(Float(x), Float(y)) - view.center).length < view.radius
          if seen, plane.values[index] > 0.3 { mask[index] = 255 }
        }
      }
      return mask
    }
    laterality = scene.eye.traits.laterality
    self.scene = scene
    self.request = request
  }

  /// The labels of the image: the diagnosis, or the names of the findings when none was given.
  public var labels: [String] {
    if let disease = request.disease { return [disease.label] }
    let names = request.findings.compactMap(\.kind.label)
    return names.isEmpty ? [FundusDisease.normal.label] : names
  }

  /// A caption as an expert would write it: the findings and their locations.
  ///
  /// - Parameters:
  ///   - language: English or Chinese, with the same content.
  ///   - namesDisease: whether the diagnosis is given, or only the findings.
  ///   - variant: selects another wording for the same image.
  public func caption(
    in language: CaptionLanguage, namesDisease: Bool = true, variant: UInt64 = 0
  ) -> String {
    CaptionWriter(
      scene: scene, modality: request.modality, disease: request.disease,
      namesDisease: namesDisease,
      stream: RandomStream(seed: request.seed).derived("caption").derived(variant)
    ).caption(in: language)
  }

  /// The report that an expert would write on an angiogram of this eye: the phases, the findings in each with
  /// location and extent, and some absent findings.
  /// - Parameters:
  ///   - phases: the phases of the study's images in chronological order; by default that of this image.
  ///   - variant: selects another wording for the same study.
  /// - Precondition: the image is an angiogram.
  public func report(phases: [AngiogramPhase] = [], variant: UInt64 = 0) -> String {
    precondition(request.modality == .angiography, "reports are written on angiograms")
    return CaptionWriter(
      scene: scene, modality: request.modality, disease: nil, namesDisease: false,
      stream: RandomStream(seed: request.seed).derived("report").derived(variant)
    ).report(phases: phases.isEmpty ? [scene.phase] : phases)
  }

  /// The image as one that can be written to a file.
  public var image: FundusImage { FundusImage(width: size, height: size, pixels: pixels) }
}

/// An eye with its findings placed.
struct FundusScene: Sendable {
  let eye: FundusEye
  let findings: [any FundusFinding]
  let phase: AngiogramPhase
  /// The requested locations of findings.
  let areas: [FindingKind: FindingArea]

  init(_ request: SyntheticFundus, size: Int) {
    let root = RandomStream(seed: request.seed).derived("synthetic fundus")
    var anatomy = root.derived("anatomy")
    var traits = FundusTraits(laterality: request.laterality, stream: &anatomy)
    var optics = root.derived("camera")
    var camera = CameraTraits(discCenter: traits.discCenter, stream: &optics)
    for wanted in request.findings {
      var stream = root.derived("adjust \(wanted.kind.rawValue)")
      wanted.kind.adjust(&traits, &camera, severity: wanted.severity, stream: &stream)
    }
    let vessels = VesselTree(traits: traits, stream: root.derived("vessels")).vessels
    var texture = root.derived("texture")
    eye = FundusEye(
      traits: traits, vessels: vessels,
      view: FundusView(size: size, camera: camera, laterality: traits.laterality),
      camera: camera, textureSeed: UInt32(truncatingIfNeeded: texture.next()))
    var moment = root.derived("phase")
    phase = request.phase ?? (moment.uniform() < 0.5 ? .venous : .late)
    areas = Dictionary(
      request.findings.map { ($0.kind, $0.area) }, uniquingKeysWith: { first, _ in first })
    let eye = self.eye
    findings = request.findings.map { wanted in
      wanted.kind.place(
        severity: wanted.severity, area: wanted.area, in: eye,
        stream: root.derived("place \(wanted.kind.rawValue)"))
    }
  }
}
