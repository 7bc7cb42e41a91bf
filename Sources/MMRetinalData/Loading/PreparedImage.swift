import FundusTensor

/// An image that is ready for a batch, with its sample.
struct PreparedImage<Sample: Identifiable & Sendable>: Sendable where Sample.ID == String {
  let sample: Sample
  let image: Tensor

  /// The image of a row, or, if unusable images are skipped, of the first usable row after it.
  /// - Parameters:
  ///   - row: the row.
  ///   - count: the number of rows.
  ///   - policy: the handling of unusable images.
  ///   - sample: the sample of a row.
  ///   - prepare: prepares the image of a sample.
  ///   - skipping: receives each unusable image that is replaced.
  /// - Throws: ``LoadingError``, naming the file.
  init(
    row: Int, of count: Int, onBadImage policy: BadImagePolicy, sample: (Int) -> Sample,
    prepare: (Sample) throws -> Tensor, skipping: (SkippedImage) -> Void
  ) throws {
    var attempts = 0
    while true {
      let sample = sample((row + attempts) % count)
      do {
        self.init(sample: sample, image: try prepare(sample))
        return
      } catch {
        let reason = LoadingError.badImage(id: sample.id, reason: "\(error)").description
        guard policy == .skip else {
          throw LoadingError.badImage(id: sample.id, reason: reason)
        }
        skipping(SkippedImage(id: sample.id, reason: reason))
        attempts += 1
        // So many rows are tried in place of an unusable one.
        guard attempts < min(50, count) else {
          throw LoadingError.tooManyBadImages(count: attempts, last: reason)
        }
      }
    }
  }

  private init(sample: Sample, image: Tensor) {
    self.sample = sample
    self.image = image
  }
}
