import Foundation

/// An image as it appears in books on the retina without showing a retina: to train and test the modality
/// classifier, and to fill synthetic books.
public struct SyntheticDecoy: Sendable, Hashable {
  /// The kind of image.
  public enum Kind: String, Sendable, CaseIterable {
    /// Curves over axes.
    case graph
    /// Bars over an axis.
    case bars
    /// Points over axes.
    case scatter
    /// A drawing in lines with labels.
    case diagram
    /// Colored shapes such as the cross section of an eye.
    case illustration
    /// Rules and figures.
    case table
    /// Lines of print.
    case print
    /// A two-dimensional bar code.
    case code
    /// A mark of a publisher.
    case logo
    /// An ornament or rule.
    case ornament
    /// A background without contents.
    case background
    /// B-mode ultrasound of the eye.
    case ultrasound
    /// The gray map of a visual field.
    case visualField
    /// A stained section.
    case histology
    /// A gray photomicrograph.
    case micrograph
    /// The outside of an eye, or its anterior segment at the slit lamp.
    case anteriorSegment
    /// A map in the colors of the rainbow: topography of the cornea, thickness of the retina.
    case colorMap
    /// A section of the head in computed or magnetic resonance tomography.
    case headScan
    /// Traces of an electroretinogram.
    case waveform
    /// A photograph of something else.
    case scene
  }

  /// The kind of image.
  public var kind: Kind
  /// Seed of everything else.
  public var seed: UInt64

  /// Describes an image.
  public init(kind: Kind, seed: UInt64) {
    self.kind = kind
    self.seed = seed
  }

  /// Draws the image.
  ///
  /// - Parameter size: pixels along the longest side, at least 16.
  public func render(size: Int = 256) -> FundusImage {
    precondition(size >= 16, "an image needs 16 pixels along its longest side, not \(size)")
    var stream = RandomStream(seed: seed).derived("decoy").derived(kind.rawValue)
    let ratio = kind == .code || kind == .logo ? 1 : stream.uniform(in: 0.55..<1)
    let short = max(12, Int(Float(size) * (kind == .ornament ? 0.12 : ratio)))
    let isTall = kind != .ornament && stream.uniform() < 0.3
    var pad = SketchPad(
      width: isTall ? short : size, height: isTall ? size : short, stream: stream)
    switch kind {
    case .graph, .bars, .scatter: pad.drawPlot(kind)
    case .diagram: pad.drawDiagram()
    case .illustration: pad.drawIllustration()
    case .table: pad.drawTable()
    case .print: pad.drawPrint()
    case .code: pad.drawCode()
    case .logo: pad.drawLogo()
    case .ornament: pad.drawOrnament()
    case .background: pad.drawBackground()
    case .ultrasound: pad.drawUltrasound()
    case .visualField: pad.drawVisualField()
    case .histology: pad.drawHistology()
    case .micrograph: pad.drawMicrograph()
    case .anteriorSegment: pad.drawAnteriorSegment()
    case .colorMap: pad.drawColorMap()
    case .headScan: pad.drawHeadScan()
    case .waveform: pad.drawWaveform()
    case .scene: pad.drawScene()
    }
    return pad.image
  }
}
