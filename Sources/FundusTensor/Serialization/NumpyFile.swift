import Foundation

/// Writes arrays as NumPy does (`.npy`, format 1.0): little-endian single precision, row-major.
public enum NumpyFile {
  /// Writes a tensor; `numpy.load` gives an array of its shape.
  /// - Throws: as ``AtomicFile/write(to:force:_:)`` does.
  public static func write(_ tensor: Tensor, to url: URL, force: Bool) throws {
    let shape = tensor.shape.map(String.init).joined(separator: ", ")
    let tuple = tensor.shape.count == 1 ? "(\(shape),)" : "(\(shape))"
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
    // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
    let padding = (64 - (10 + header.utf8.count + 1) % 64) % 64
    header += String(repeating: " ", count: padding) + "\n"
    try AtomicFile.write(to: url, force: force) { writer in
      try writer.write([0x93] + Array("NUMPY".utf8) + [1, 0])
      try writer.write(UInt16(header.utf8.count))
      try writer.write(Array(header.utf8))
      try writer.write(tensor)
    }
  }
}
