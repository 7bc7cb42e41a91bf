#if DICOM
  /// Run-length encoding (PS3.5, annex G): a segment for each byte of a sample, the highest one first.
  enum DICOMRunLengths {
    static func decode(_ stream: [UInt8], _ form: DICOMForm) throws(DICOMProblem) -> [UInt16] {
      guard form.bitsAllocated >= 8 else { throw .unsupported("run lengths of single bits") }
      let size = form.bitsAllocated / 8
      let count = form.samples * size
      guard stream.count >= 64 else { throw .truncated("the header of the run lengths") }
      func number(_ at: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(stream[at + $1]) << (8 * $1) }
      }
      guard number(0) == count else {
        throw .damaged("\(number(0)) segments of run lengths, expected \(count)")
      }
      let pixels = form.rows * form.columns
      // A run of two bytes stands for at most 128.
      guard pixels * count <= stream.count * 64 else {
        throw .truncated(
          "\(stream.count) bytes of run lengths are too few for \(form.columns) x \(form.rows) pixels"
        )
      }
      let starts = (0..<count).map { number(4 + 4 * $0) }
      var words = [UInt16](repeating: 0, count: pixels * form.samples)
      for segment in 0..<count {
        let start = starts[segment]
        let end = segment + 1 < count ? starts[segment + 1] : stream.count
        guard start >= 64, start <= end, end <= stream.count else {
          throw .damaged("the segments of the run lengths are not in order")
        }
        let shift = UInt16(8 * (size - 1 - segment % size))
        let channel = segment / size
        let isComplete = unpack(stream[start..<end], count: pixels) { pixel, byte in
          words[pixel * form.samples + channel] |= UInt16(byte) << shift
        }
        guard isComplete else { throw .truncated("a segment of run lengths ends too early") }
      }
      return words
    }

    /// Gives `count` bytes of PackBits to `put`.
    /// - Returns: whether there were as many.
    private static func unpack(
      _ bytes: ArraySlice<UInt8>, count: Int, put: (Int, UInt8) -> Void
    ) -> Bool {
      var place = bytes.startIndex
      var pixel = 0
      while pixel < count {
        guard place < bytes.endIndex else { return false }
        let control = Int(bytes[place])
        place += 1
        if control == 128 { continue }
        if control < 128 {
          let length = min(control + 1, count - pixel)
          guard place + length <= bytes.endIndex else { return false }
          for index in 0..<length { put(pixel + index, bytes[place + index]) }
          pixel += length
          place += control + 1
        } else {
          guard place < bytes.endIndex else { return false }
          let length = min(257 - control, count - pixel)
          for index in 0..<length { put(pixel + index, bytes[place]) }
          pixel += length
          place += 1
        }
      }
      return true
    }
  }
#endif
