import FundusTensor
import Foundation

extension Preprocessing {
  /// An image as `[S, S, 3]`, 0 to 1, with S the ``imageSize``.
  public func prepare(_ image: FundusImage, name: String = "image") throws(ImageError) -> Tensor {
    try Tensor(shape: [imageSize, imageSize, 3]) { span throws(ImageError) in
      try prepare(image, name: name, into: &span)
    }
  }

  /// A file as `[S, S, 3]`.
  public func prepare(contentsOf url: URL) throws(ImageError) -> Tensor {
    try Tensor(shape: [imageSize, imageSize, 3]) { span throws(ImageError) in
      try prepare(contentsOf: url, into: &span)
    }
  }

  /// An image file in memory as `[S, S, 3]`.
  /// - `name`: the name for error messages.
  public func prepare(decoding data: Data, name: String) throws(ImageError) -> Tensor {
    try Tensor(shape: [imageSize, imageSize, 3]) { span throws(ImageError) in
      try prepare(decoding: data, name: name, into: &span)
    }
  }

  /// Images as `[N, S, S, 3]`, processed in parallel.
  public func prepare(_ images: [FundusImage]) throws(ImageError) -> Tensor {
    try Tensor.stacking(images.count, of: [imageSize, imageSize, 3]) {
      index, span throws(ImageError) in
      try prepare(images[index], name: "image \(index)", into: &span)
    }
  }

  /// Files as `[N, S, S, 3]`, processed in parallel.
  /// - Throws: the error of the first invalid file.
  public func prepare(contentsOf urls: [URL]) throws(ImageError) -> Tensor {
    try Tensor.stacking(urls.count, of: [imageSize, imageSize, 3]) {
      index, span throws(ImageError) in
      try prepare(contentsOf: urls[index], into: &span)
    }
  }

  /// A tensor `[H, W, 3]` as `[S, S, 3]`.
  ///
  /// The range must be given: the released code guesses it, and divides values from 0 to 1 a second time.
  public func prepare(
    _ pixels: Tensor, range: InputRange, name: String = "image"
  ) throws(ImageError) -> Tensor {
    guard pixels.rank == 3, pixels.shape[2] == 3, pixels.count > 0 else {
      throw .unsuitable(name: name, reason: "expected [H, W, 3], found \(pixels.shape)")
    }
    return try fitted(range == .unit ? pixels : pixels / range.divisor, name: name)
  }

  /// Preprocesses a file into the memory of a batch.
  /// - `target`: receives `[S, S, 3]`.
  public func prepare(
    contentsOf url: URL, into target: inout MutableSpan<Float>
  ) throws(ImageError) {
    let address = ImageAddress(url)
    let data = try ImageFile.read(address.file)
    guard address.frame != nil else {
      return try prepare(decoding: data, name: url.path, into: &target)
    }
    var own = self
    own.decoding = decoding.with(address)
    try own.prepare(decoding: data, name: url.path, into: &target)
  }

  /// Preprocesses an image file in memory into the memory of a batch.
  public func prepare(
    decoding data: Data, name: String, into target: inout MutableSpan<Float>
  ) throws(ImageError) {
    if color == .asStored {
      let stored = try StoredImage(decoding: data, name: name, options: decoding)
      let numbers = try fitted(stored.publishedTensor(name: name), name: name)
      numbers.withSpan { source in
        for index in source.indices { target[index] = source[index] }
      }
      return
    }
    let format = try ImageFile.format(of: data, name: name)
    let isUpright = ImageOrientation(of: data, format: format) == .upright
    if format == .jpeg, isUpright || !decoding.appliesOrientation, crop == .none,
      let image = try JPEGCodec.decodePassing(
        data, name: name, options: decoding, reduction: reduction(height:width:))
    {
      if !isUpright { ReadingNotes.shared.count(.ignoredOrientation, image: name) }
      try fit(height: image.height, width: image.width, name: name).resize(
        image.pixels, height: image.height, width: image.width, channels: 3,
        reduction: image.reduction, into: &target)
      return
    }
    let image = try FundusImage(decoding: data, name: name, options: decoding)
    try prepare(image, name: name, into: &target)
  }

  /// Preprocesses an image into the memory of a batch.
  public func prepare(
    _ image: FundusImage, name: String, into target: inout MutableSpan<Float>
  ) throws(ImageError) {
    let image = cropped(image, name: name)
    try fit(height: image.height, width: image.width, name: name).resize(
      image.pixels, height: image.height, width: image.width, channels: 3, into: &target)
  }

  private func cropped(_ image: FundusImage, name: String) -> FundusImage {
    switch crop {
    case .none: return image
    case .foreground: return image.croppedToForeground()
    case .circle:
      guard let cropped = image.croppedToField() else {
        ReadingNotes.shared.count(.noField, image: name)
        return image
      }
      return cropped
    }
  }

  /// The rows and columns of an image that ``crop`` leaves.
  public func remaining(of image: FundusImage) -> (rows: Range<Int>, columns: Range<Int>) {
    let box: (rows: Range<Int>, columns: Range<Int>)? =
      switch crop {
      case .none: nil
      case .foreground: image.foregroundBox()
      case .circle: image.fieldBox()
      }
    return box ?? (0..<image.height, 0..<image.width)
  }

  func fit(height: Int, width: Int, name: String) throws(ImageError) -> ImageFit {
    var size = (height: height, width: width)
    switch geometry {
    case .fitted: size = try targetSize(height: height, width: width, name: name)
    case .unchanged: try checkUnchanged(height: height, width: width, name: name)
    }
    return ImageFit(
      height: size.height, width: size.width, paddedHeight: imageSize, paddedWidth: imageSize,
      antialias: antialias, precision: precision)
  }

  private func checkUnchanged(height: Int, width: Int, name: String) throws(ImageError) {
    guard height == imageSize && width == imageSize else {
      throw .unsuitable(
        name: name,
        reason: "expected \(imageSize) x \(imageSize) pixels, found \(width) x \(height); resize "
          + "the files first or choose a preprocessing that resizes")
    }
  }

  private func fitted(_ pixels: Tensor, name: String) throws(ImageError) -> Tensor {
    let fit = try fit(height: pixels.shape[0], width: pixels.shape[1], name: name)
    return pixels.resized(
      height: fit.height, width: fit.width, antialias: antialias, precision: precision
    )
    .padded(bottom: imageSize - fit.height, right: imageSize - fit.width)
  }
}

extension StoredImage {
  /// The values that the released loader reads from this file, `[H, W, 3]`: see
  /// ``Preprocessing/Color/asStored``.
  public func publishedTensor(name: String = "image") throws(ImageError) -> Tensor {
    let count = width * height
    var values: [Float]
    switch samples {
    case .bytes(let bytes):
      // Pillow scales 2- and 4-bit gray, but not 1-bit images or palette indices.
      let factor: Float =
        kind == .gray && largest == 3 ? 85 : kind == .gray && largest == 15 ? 17 : 1
      values = bytes.map { Float($0) * factor }
    case .words(let words):
      values = words.map { Float(kind == .gray ? $0 : $0 >> 8) }
    }
    if kind == .rgbAssociatedAlpha {
      let straight = rgb().pixels
      for pixel in 0..<count {
        for channel in 0..<3 { values[pixel * 4 + channel] = Float(straight[pixel * 3 + channel]) }
      }
    }
    // A 16-bit image of gray and alpha is opened as RGBA.
    let isWideGrayAlpha: Bool
    if case .words = samples {
      isWideGrayAlpha = kind == .grayAlpha
    } else {
      isWideGrayAlpha = false
    }
    if kind == .grayAlpha && !isWideGrayAlpha {
      throw .unsuitable(name: name, reason: "gray with alpha cannot be used as stored")
    }
    if let most = values.max(), most > 1 { for index in values.indices { values[index] /= 255 } }
    let stored = channels
    return Tensor(shape: [height, width, 3]) { span in
      for pixel in 0..<count {
        for channel in 0..<3 {
          let source =
            switch stored {
            case 1: 0
            case 2: channel == 2 ? 1 : 0
            case 3: channel
            default: channel + 1
            }
          span[pixel * 3 + channel] = values[pixel * stored + source]
        }
      }
    }
  }
}
