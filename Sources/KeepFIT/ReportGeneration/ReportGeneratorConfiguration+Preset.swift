extension ReportGeneratorConfiguration {
  /// The size of a report model.
  public enum Preset: String, CaseIterable, Sendable {
    /// The published architecture: ResNet-50, images of 224 pixels, a transformer of width 512.
    case base
    /// A ResNet-18 of half the width, images of 128 pixels, and a transformer of width 128, for experiments on a
    /// small machine.
    case small
  }

  /// The configuration of a preset.
  public init(_ preset: Preset) {
    self.init()
    guard preset == .small else { return }
    vision.architecture = "resnet18"
    vision.width = 32
    imageSize = 128
    decoder.width = 128
    decoder.feedForward = 256
    decoder.heads = 4
    decoder.layers = 2
  }
}
