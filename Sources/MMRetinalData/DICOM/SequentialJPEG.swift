#if DICOM
  import Foundation

  /// Sequential JPEG of 12 bits with Huffman codes (ISO/IEC 10918-1, annex F; process 4), which libraries for 8 bits
  /// do not read. The inverse transform is computed without rounding between its steps.
  struct SequentialJPEG {
    private let bytes: [UInt8]
    private let header: JPEGHeader
    private var codes = [[JPEGCode?]](
      repeating: [JPEGCode?](repeating: nil, count: 4), count: 2)
    private var tables = [[Int]?](repeating: nil, count: 4)
    private var interval = 0
    private var planes: [Plane] = []
    private var done: Set<Int> = []

    /// A component in whole blocks.
    private struct Plane {
      let stride: Int
      let height: Int
      var samples: [UInt16]
    }

    init(_ bytes: [UInt8], _ header: JPEGHeader) {
      self.bytes = bytes
      self.header = header
    }

    private var mostAcross: Int { header.components.map(\.across).max() ?? 1 }
    private var mostDown: Int { header.components.map(\.down).max() ?? 1 }
    /// The units of interleaved scans.
    private var unitsAcross: Int { (header.width + 8 * mostAcross - 1) / (8 * mostAcross) }
    private var unitsDown: Int { (header.height + 8 * mostDown - 1) / (8 * mostDown) }

    /// The samples `[height, width, components]`; those of subsampled components are repeated.
    mutating func decode() throws(DICOMProblem) -> [UInt16] {
      let count = header.components.count
      // A block takes at least a code of one bit for each of its two kinds.
      guard unitsAcross * unitsDown <= bytes.count * 4 else {
        throw .truncated(
          "\(bytes.count) bytes of JPEG are too few for \(header.width) x \(header.height) pixels")
      }
      planes = header.components.map { component in
        let stride = unitsAcross * component.across * 8
        let height = unitsDown * component.down * 8
        return Plane(
          stride: stride, height: height,
          samples: [UInt16](repeating: 0, count: stride * height))
      }
      var segments = JPEGSegments(bytes)
      while done.count < count, let segment = segments.next() {
        let body = bytes[segment.body]
        switch segment.marker {
        case 0xC4: try JPEGCode.read(body, into: &codes)
        case 0xDB: try readTables(body)
        case 0xDD where body.count >= 2:
          interval = Int(body[body.startIndex]) << 8 | Int(body[body.startIndex + 1])
        case 0xDA: segments.place = try scan(JPEGScan(body, header), from: segments.place)
        default: break
        }
      }
      guard done.count == count else { throw .truncated("a JPEG code stream ends too early") }
      return assembled()
    }

    private func assembled() -> [UInt16] {
      let count = header.components.count
      var result = [UInt16](repeating: 0, count: header.width * header.height * count)
      for (index, component) in header.components.enumerated() {
        for y in 0..<header.height {
          let row = y * component.down / mostDown * planes[index].stride
          for x in 0..<header.width {
            result[(y * header.width + x) * count + index] =
              planes[index].samples[row + x * component.across / mostAcross]
          }
        }
      }
      return result
    }

    private mutating func readTables(_ body: ArraySlice<UInt8>) throws(DICOMProblem) {
      var rest = body
      while let first = rest.first {
        let isWide = first >> 4 > 0
        let size = isWide ? 128 : 64
        guard first & 15 < 4, first >> 4 < 2, rest.count > size else {
          throw .damaged("a table of JPEG quantization")
        }
        let values = Array(rest.dropFirst().prefix(size)).map { Int($0) }
        tables[Int(first & 15)] = (0..<64).map {
          isWide ? values[2 * $0] << 8 | values[2 * $0 + 1] : values[$0]
        }
        rest = rest.dropFirst(1 + size)
      }
    }

    /// A component of a scan, with its tables.
    private struct Part {
      let component: Int
      let direct: JPEGCode
      let alternating: JPEGCode
      let table: [Int]
      var last = 0
    }

    /// Decodes a scan.
    /// - Returns: the position after it.
    private mutating func scan(_ scan: JPEGScan, from place: Int) throws(DICOMProblem) -> Int {
      var parts: [Part] = []
      for part in scan.parts {
        guard let direct = codes[0][part.first], let alternating = codes[1][part.second],
          let table = tables[header.components[part.component].table]
        else { throw .damaged("a JPEG scan without its tables") }
        parts.append(
          Part(
            component: part.component, direct: direct, alternating: alternating, table: table))
      }
      var reader = JPEGBits(bytes, from: place)
      // The blocks of a single component are those that hold pixels.
      let single = parts.count == 1 ? header.components[parts[0].component] : nil
      func blocks(_ size: Int, _ factor: Int, _ most: Int) -> Int {
        ((size * factor + most - 1) / most + 7) / 8
      }
      let across =
        single.map { blocks(header.width, $0.across, mostAcross) } ?? unitsAcross
      let down = single.map { blocks(header.height, $0.down, mostDown) } ?? unitsDown
      for unit in 0..<across * down {
        if interval > 0, unit > 0, unit % interval == 0 {
          try reader.restart()
          for index in parts.indices { parts[index].last = 0 }
        }
        for index in parts.indices {
          let component = header.components[parts[index].component]
          let (columns, rows) = single == nil ? (component.across, component.down) : (1, 1)
          for row in 0..<rows {
            for column in 0..<columns {
              try block(
                &reader, &parts[index], x: unit % across * columns + column,
                y: unit / across * rows + row)
            }
          }
        }
      }
      for part in parts { done.insert(part.component) }
      return reader.place
    }

    private mutating func block(
      _ reader: inout JPEGBits, _ part: inout Part, x: Int, y: Int
    ) throws(DICOMProblem) {
      var values = [Double](repeating: 0, count: 64)
      let size = try reader.symbol(part.direct)
      guard size <= 16 else { throw .damaged("a coefficient of \(size) bits") }
      part.last = (part.last + (try reader.difference(size))) & 0xFFFF
      let direct = part.last > 0x7FFF ? part.last - 0x10000 : part.last
      values[0] = Double(direct * part.table[0])
      var index = 1
      while index < 64 {
        let symbol = try reader.symbol(part.alternating)
        let (run, size) = (symbol >> 4, symbol & 15)
        if size == 0 {
          if run < 15 { break }
          index += 16
          continue
        }
        index += run
        guard index < 64 else { throw .damaged("a JPEG block has too many coefficients") }
        let value = try reader.difference(size)
        values[Self.order[index]] = Double(value * part.table[index])
        index += 1
      }
      store(Self.inverse(values), part.component, x: x, y: y)
    }

    private mutating func store(_ values: [Double], _ component: Int, x: Int, y: Int) {
      let stride = planes[component].stride
      let start = y * 8 * stride + x * 8
      for row in 0..<8 {
        for column in 0..<8 {
          let value = (values[row * 8 + column] + 2048).rounded()
          planes[component].samples[start + row * stride + column] =
            UInt16(min(max(value, 0), 4095))
        }
      }
    }

    /// The order in which coefficients are stored: zigzag.
    private static let order: [Int] = {
      var result: [Int] = []
      for sum in 0..<15 {
        let rows = (max(0, sum - 7)...min(sum, 7)).map { $0 }
        for row in sum % 2 == 0 ? rows.reversed() : rows { result.append(row * 8 + sum - row) }
      }
      return result
    }()

    /// `[frequency, position]`
    private static let waves: [Double] = (0..<64).map { index in
      let (frequency, position) = (index / 8, index % 8)
      let scale = frequency == 0 ? 0.5.squareRoot() : 1
      return 0.5 * scale * cos(Double((2 * position + 1) * frequency) * .pi / 16)
    }

    /// The inverse cosine transform of 8 x 8 coefficients.
    private static func inverse(_ values: [Double]) -> [Double] {
      var rows = [Double](repeating: 0, count: 64)
      var result = rows
      for row in 0..<8 {
        for column in 0..<8 {
          rows[row * 8 + column] = (0..<8).reduce(0) {
            $0 + values[row * 8 + $1] * waves[$1 * 8 + column]
          }
        }
      }
      for row in 0..<8 {
        for column in 0..<8 {
          result[row * 8 + column] = (0..<8).reduce(0) {
            $0 + rows[$1 * 8 + column] * waves[$1 * 8 + row]
          }
        }
      }
      return result
    }
  }
#endif
