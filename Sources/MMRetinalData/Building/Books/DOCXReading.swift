/// The blocks of a Word document in their order.
struct DOCXReading {
  /// An image, a drawing or a piece of text within a paragraph.
  enum Item {
    case text(String)
    case picture(Picture)
    /// A chart or another drawing without pixels, with its size in points.
    case drawing(Double, Double)
  }

  struct Picture {
    /// The relation that names its file.
    var link = ""
    /// Points.
    var width = 0.0
    /// Points.
    var height = 0.0
    var crop: Box?
    var isMirrored = false
    var quarterTurns = 0
  }

  enum Block {
    case paragraph(items: [Item], style: String)
    /// Rows of cells: each its blocks, and how many columns it spans; and the columns' widths.
    case table(rows: [[(blocks: [Block], span: Int)]], widths: [Double])
  }

  private var scanner: XMLScanner
  private(set) var isBroken = false
  /// The width of a line of text in points.
  private(set) var textWidth = 468.0
  private var depth = 0

  var declaresEntities: Bool { scanner.declaresEntities }

  init(bytes: [UInt8]) { scanner = XMLScanner(bytes) }

  /// Reads the body.
  mutating func blocks() throws -> [Block] {
    var result: [Block] = []
    var sawEnd = false
    while let event = scanner.next() {
      switch event {
      case .start("w:body", _): result += block(until: "w:body")
      case .end("w:document"): sawEnd = true
      default: break
      }
      if scanner.declaresEntities { return [] }
    }
    isBroken = !sawEnd
    return result
  }

  /// Blocks up to the end of an element.
  private mutating func block(until end: String) -> [Block] {
    var result: [Block] = []
    depth += 1
    defer { depth -= 1 }
    while let event = scanner.next() {
      switch event {
      case .end(let name) where name == end: return result
      case .start("w:p", _): result += paragraph()
      case .start("w:tbl", _) where depth < 40: result.append(table())
      case .start("mc:Fallback", _), .start("w:del", _): skip(to: event)
      case .start("w:pgSz", let attributes):
        if let width = Double(attributes["w:w"] ?? "") { textWidth = max(120, width / 20 - 144) }
      case .start("w:cols", let attributes):
        if let count = Int(attributes["w:num"] ?? ""), (2...6).contains(count) {
          textWidth = (textWidth - 18 * Double(count - 1)) / Double(count)
        }
      default: break
      }
    }
    return result
  }

  private mutating func skip(to start: XMLScanner.Event) {
    guard case .start(let name, _) = start else { return }
    var open = 1
    while open > 0, let event = scanner.next() {
      if case .start(name, _) = event { open += 1 }
      if case .end(name) = event { open -= 1 }
    }
  }

  private mutating func table() -> Block {
    var rows: [[(blocks: [Block], span: Int)]] = []
    var widths: [Double] = []
    var span = 1
    while let event = scanner.next() {
      switch event {
      case .end("w:tbl"): return .table(rows: rows, widths: widths)
      case .start("w:gridCol", let attributes):
        widths.append((Double(attributes["w:w"] ?? "") ?? 0) / 20)
      case .start("w:tr", _): rows.append([])
      case .start("w:tc", _):
        span = 1
        if rows.isEmpty { rows.append([]) }
        let blocks = cell(&span)
        rows[rows.count - 1].append((blocks, span))
      case .start("mc:Fallback", _): skip(to: event)
      default: break
      }
    }
    return .table(rows: rows, widths: widths)
  }

  private mutating func cell(_ span: inout Int) -> [Block] {
    var result: [Block] = []
    depth += 1
    defer { depth -= 1 }
    while let event = scanner.next() {
      switch event {
      case .end("w:tc"): return result
      case .start("w:gridSpan", let attributes):
        span = max(1, min(64, Int(attributes["w:val"] ?? "") ?? 1))
      case .start("w:p", _): result += paragraph()
      case .start("w:tbl", _) where depth < 40: result.append(table())
      case .start("mc:Fallback", _), .start("w:del", _): skip(to: event)
      default: break
      }
    }
    return result
  }

  /// A paragraph; those of text boxes in it come before.
  private mutating func paragraph() -> [Block] {
    var boxes: [Block] = []
    var items: [Item] = []
    var text = ""
    var style = ""
    var isText = false
    var picture: Picture?
    func flush(_ items: inout [Item], _ text: inout String) {
      if !text.isEmpty { items.append(.text(text)) }
      text = ""
    }
    loop: while let event = scanner.next() {
      switch event {
      case .end("w:p"): break loop
      case .start("w:pStyle", let attributes): style = attributes["w:val"] ?? ""
      case .start("w:t", _): isText = true
      case .end("w:t"): isText = false
      case .text(let piece): if isText { text += piece }
      case .start("w:tab", _): text += "\t"
      case .start("w:br", let attributes), .start("w:cr", let attributes):
        text += attributes["w:type"] == "page" ? " " : "\n"
      case .start("w:noBreakHyphen", _): text += "-"
      case .start("w:softHyphen", _): text += "\u{AD}"
      case .start("mc:Fallback", _), .start("w:del", _), .start("w:rPr", _): skip(to: event)
      case .start("w:txbxContent", _) where depth < 40: boxes += block(until: "w:txbxContent")
      case .start("wp:inline", _), .start("wp:anchor", _), .start("w:pict", _),
        .start("w:object", _):
        flush(&items, &text)
        picture = Picture()
      case .start("wp:extent", let attributes):
        picture?.width = (Double(attributes["cx"] ?? "") ?? 0) / 12_700
        picture?.height = (Double(attributes["cy"] ?? "") ?? 0) / 12_700
      case .start("a:xfrm", let attributes):
        let turn = Int(((Double(attributes["rot"] ?? "") ?? 0) / 5_400_000).rounded())
        picture?.quarterTurns = ((turn % 4) + 4) % 4
        picture?.isMirrored = ["1", "true"].contains(attributes["flipH"])
        if ["1", "true"].contains(attributes["flipV"]) {
          let turns = picture?.quarterTurns ?? 0
          picture?.isMirrored.toggle()
          picture?.quarterTurns = (turns + 2) % 4
        }
      case .start("a:srcRect", let attributes):
        func share(_ key: String) -> Double {
          max(-0.5, min(0.95, (Double(attributes[key] ?? "") ?? 0) / 100_000))
        }
        let (l, t, r, b) = (share("l"), share("t"), share("r"), share("b"))
        if l + r < 0.98, t + b < 0.98, max(l, t, r, b) > 0 {
          picture?.crop = Box(
            left: max(0, l), top: max(0, t), right: 1 - max(0, r), bottom: 1 - max(0, b))
        }
      case .start("a:blip", let attributes):
        // Several images in one drawing are a group.
        if let open = picture, !open.link.isEmpty {
          items.append(.picture(open))
          picture?.crop = nil
        }
        picture?.link = attributes["r:embed"] ?? attributes["r:link"] ?? ""
      case .start("v:shape", let attributes), .start("v:rect", let attributes):
        for part in (attributes["style"] ?? "").split(separator: ";") {
          let pair = part.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
          guard pair.count == 2, pair[1].hasSuffix("pt"), let value = Double(pair[1].dropLast(2))
          else {
            continue
          }
          if pair[0] == "width" { picture?.width = value }
          if pair[0] == "height" { picture?.height = value }
        }
      case .start("v:imagedata", let attributes): picture?.link = attributes["r:id"] ?? ""
      case .end("wp:inline"), .end("wp:anchor"), .end("w:pict"), .end("w:object"):
        if let open = picture {
          if !open.link.isEmpty {
            items.append(.picture(open))
          } else if open.width > 30, open.height > 30, boxes.isEmpty {
            items.append(.drawing(open.width, open.height))
          }
        }
        picture = nil
      default: break
      }
    }
    flush(&items, &text)
    return boxes + [.paragraph(items: items, style: style)]
  }
}
