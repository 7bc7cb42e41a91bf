import Foundation

extension ImageSource {
  /// Files as a preprocessing prepares them, changed as pretraining changes them.
  public init(_ preprocessing: Preprocessing, augmentation: Augmentation = .published) {
    // Both are plain values; encoding them cannot fail.
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
