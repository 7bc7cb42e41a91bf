import Foundation

/// Writes NumPy's `.npy` files, version 1.0: one array of little-endian single precision in C order.
///
/// The format is described in NumPy's documentation ("numpy.lib.format").
public enum NumPyFile {
  /// Writes a tensor of any shape, for `numpy.load`.
  ///
  /// - Parameters:
  ///   - tensor: the array, of any shape.
  ///   - url: the file to write.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: ``CheckpointError`` when the file exists and `force` is off, or cannot be written.
  public static func write(_ tensor: Tensor, to url: URL, force: Bool = false) throws {
    try AtomicFile.write(to: url, force: force) { writer in
      try writer.write(header(of: tensor.shape))
      try writer.write(tensor)
    }
  }

  /// The magic bytes, the version and the description of the array, padded with spaces so that the
  /// elements begin at a multiple of 64 bytes.
  static func header(of shape: [Int]) -> [UInt8] {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    let tuple = shape.count > 1 ? "(\(sizes.dropLast()))" : "(\(sizes))"
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
    let fixed = 10
    let padding = (64 - (fixed + text.utf8.count + 1) % 64) % 64
    text += String(repeating: " ", count: padding) + "\n"
    let count = UInt16(text.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)]
      + Array(text.utf8)
  }
}
