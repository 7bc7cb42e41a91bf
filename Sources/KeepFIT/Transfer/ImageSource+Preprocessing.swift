import Foundation

extension ImageSource {
  /// Images with a given preprocessing, augmented as in pretraining.
  public init(_ preprocessing: Preprocessing, augmentation: Augmentation = .published) {
    // Both are plain values, whose encoding cannot fail.
    func text(_ value: some Encodable) -> String {
      (try? JSONText.encode(value)) ?? "\(value)"
    }
    self.init(
      identity: text(preprocessing) + " " + text(augmentation), preprocessing: preprocessing,
      load: { url in try preprocessing.prepare(contentsOf: url) },
      augment: { image, stream in
        augmentation.augment(
          image.reshaped([1] + image.shape), samples: [0], batch: 0, epoch: 0, stream: stream
        ).reshaped(image.shape)
      })
  }
}
