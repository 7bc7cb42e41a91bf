/// A place where a finding was drawn, on the retina of a right eye (see `FundusTraits`).
struct FindingSite: Sendable {
  let place: Point
  let radius: Float
}

extension Plane {
  /// Adds a blob for each site of a finding.
  /// - `outlines`: the outline of each site.
  mutating func addBlobs(
    at sites: [FindingSite], _ outlines: [Outline], in view: FundusView, softness: Float
  ) {
    for (site, outline) in zip(sites, outlines) {
      addBlob(
        at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline,
        softness: softness)
    }
  }
}

/// A finding in an eye, with its location and its appearance in each modality.
protocol FundusFinding: Sendable {
  var kind: FindingKind { get }
  /// From 0 (barely visible) to 1 (most severe).
  var severity: Float { get }
  /// Where it is, for captions; empty for what concerns the whole eye.
  var sites: [FindingSite] { get }
  /// When it is painted.
  var layer: FindingLayer { get }

  func paint(on painter: inout ColorPainter)
  func paint(on painter: inout AngiogramPainter)
  func paint(on painter: inout TomogramPainter)
}

extension FundusFinding {
  func paint(on painter: inout ColorPainter) {}
  func paint(on painter: inout AngiogramPainter) {}
  func paint(on painter: inout TomogramPainter) {}
}

/// The layers of a fundus from the back to the front.
enum FindingLayer: Int, Sendable, CaseIterable {
  /// Below the retinal vessels.
  case choroid
  /// On the disc, below its vessels.
  case disc
  /// Level with the vessels.
  case retina
  /// In front of the retina.
  case preretina
}

/// A finding of the whole eye, which its traits or the camera show: nothing is painted for it.
struct DiffuseFinding: FundusFinding {
  let kind: FindingKind
  let severity: Float
  let sites: [FindingSite] = []
  let layer = FindingLayer.choroid
}
