import CZlib

/// Decompresses DEFLATE (RFC 1951), the method of zip archives, with zlib.
package enum Inflate {
  /// An error of decompression.
  package enum Failure: Error, Sendable, Hashable {
    case damaged
    /// More bytes come out than allowed.
    case tooLong
  }

  /// The decompressed bytes, no more than `limit`. Bytes after the end of the compressed data are ignored.
  package static func bytes(_ data: ArraySlice<UInt8>, limit: Int) throws(Failure) -> [UInt8] {
    var stream = z_stream()
    // A negative window size: no header and no checksum.
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, size) == Z_OK else { throw .damaged }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    var status = Z_OK
    data.withUnsafeBufferPointer { input in
      var rest = input[...]
      while status == Z_OK, output.count <= limit {
        if stream.avail_in == 0 {
          let piece = rest.prefix(1 << 30)
          rest = rest.dropFirst(piece.count)
          stream.next_in = UnsafeMutablePointer(
            mutating: UnsafeBufferPointer(rebasing: piece).baseAddress)
          stream.avail_in = UInt32(piece.count)
        }
        let start = output.count
        // One byte more than allowed shows that there are more.
        let room = min(max(start, 1 << 14), limit - start + 1, 1 << 30)
        output += repeatElement(0, count: room)
        output.withUnsafeMutableBufferPointer {
          stream.next_out = $0.baseAddress! + start
          stream.avail_out = UInt32(room)
          status = inflate(&stream, Z_NO_FLUSH)
        }
        output.removeLast(Int(stream.avail_out))
      }
    }
    if output.count > limit { throw .tooLong }
    // Without input, zlib says that it cannot go on: the data end too early.
    guard status == Z_STREAM_END else { throw .damaged }
    return output
  }
}
