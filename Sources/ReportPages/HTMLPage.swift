import Foundation

/// Escapes text for HTML and SVG.
enum HTMLText {
  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      // Control characters are not allowed in XML.
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}

/// A self-contained page: style, figures and images are embedded in one file.
public struct HTMLPage: Sendable {
  /// The heading and window title.
  public var title: String
  /// The line below the heading.
  public var subtitle: String
  /// Seconds until the browser reloads the page; nil for a complete page.
  public var refreshSeconds: Int?
  private var body = ""
  private var contents: [(id: String, title: String)] = []
  private var isSectionOpen = false

  /// Creates an empty page.
  public init(title: String, subtitle: String) {
    self.title = title
    self.subtitle = subtitle
  }

  /// Starts a section, which is listed in the table of contents.
  public mutating func section(_ heading: String) {
    closeSection()
    let id = "s\(contents.count + 1)"
    contents.append((id, heading))
    body += "<section id=\"\(id)\"><h2>\(HTMLText.escape(heading))</h2>\n"
    isSectionOpen = true
  }

  /// Adds a subheading.
  public mutating func heading(_ text: String) { body += "<h3>\(HTMLText.escape(text))</h3>\n" }

  /// Adds a paragraph of plain text.
  public mutating func paragraph(_ text: String) { body += "<p>\(HTMLText.escape(text))</p>\n" }

  /// Adds a highlighted paragraph, such as a warning.
  public mutating func notice(_ text: String) {
    body += "<p class=\"notice\">\(HTMLText.escape(text))</p>\n"
  }

  /// Adds a list of plain texts.
  public mutating func list(_ items: [String]) {
    body += "<ul>" + items.map { "<li>\(HTMLText.escape($0))</li>" }.joined() + "</ul>\n"
  }

  /// Adds a list of terms, each with a text.
  public mutating func definitions(_ items: [(term: String, text: String)]) {
    body += "<dl>"
    for item in items {
      body += "<dt>\(HTMLText.escape(item.term))</dt><dd>\(HTMLText.escape(item.text))</dd>\n"
    }
    body += "</dl>\n"
  }

  /// Adds a row of key figures.
  public mutating func tiles(_ tiles: [(value: String, label: String)]) {
    body += "<div class=\"tiles\">"
    for tile in tiles {
      body += "<div class=\"tile\"><b>\(HTMLText.escape(tile.value))</b>"
      body += "<span>\(HTMLText.escape(tile.label))</span></div>"
    }
    body += "</div>\n"
  }

  /// Adds figures side by side, as many as fit.
  public mutating func figures(_ svgs: [String]) {
    guard !svgs.isEmpty else { return }
    body += "<div class=\"figures\">"
    for svg in svgs { body += "<figure>\(svg)</figure>\n" }
    body += "</div>\n"
  }

  /// A cell of a table.
  public struct Cell: Sendable, ExpressibleByStringLiteral {
    var text: String
    var isNumber = false
    var isStrong = false
    var isQuoted = false

    /// A cell with a text, left-aligned.
    public init(_ text: String) { self.text = text }
    /// A cell with a text, left-aligned.
    public init(stringLiteral value: String) { text = value }
    /// A right-aligned cell, bold if it is the best in its column.
    public static func number(_ text: String, isBest: Bool = false) -> Cell {
      var cell = Cell(text)
      cell.isNumber = true
      cell.isStrong = isBest
      return cell
    }
    /// A right-aligned cell in gray italics, for a published figure.
    public static func quoted(_ text: String) -> Cell {
      var cell = Cell(text)
      cell.isNumber = true
      cell.isQuoted = true
      return cell
    }
  }

  /// Adds a table; columns of numbers are right-aligned, and line breaks in cells are kept.
  public mutating func table(_ header: [String], _ rows: [[Cell]], caption: String = "") {
    body += "<div class=\"table\"><table>"
    if !caption.isEmpty { body += "<caption>\(HTMLText.escape(caption))</caption>" }
    body += "<thead><tr>"
    for (column, name) in header.enumerated() {
      let isNumber = rows.contains { $0.indices.contains(column) && $0[column].isNumber }
      body += "<th\(isNumber ? " class=\"n\"" : "")>\(HTMLText.escape(name))</th>"
    }
    body += "</tr></thead><tbody>\n"
    for row in rows {
      body += "<tr>"
      for (column, cell) in row.enumerated() {
        let classes = [
          cell.isNumber ? "n" : "", cell.isStrong ? "b" : "", cell.isQuoted ? "q" : "",
        ]
        .filter { !$0.isEmpty }.joined(separator: " ")
        // On a narrow screen, where rows are stacked, each cell shows the name of its column.
        let label = header.indices.contains(column) ? HTMLText.escape(header[column]) : ""
        body += "<td" + (classes.isEmpty ? "" : " class=\"\(classes)\"")
        body += " data-label=\"\(label)\"><span>"
        body +=
          HTMLText.escape(cell.text).replacingOccurrences(of: "\n", with: "<br>") + "</span></td>"
      }
      body += "</tr>\n"
    }
    body += "</tbody></table></div>\n"
  }

  /// Adds a gallery of images with captions.
  ///
  /// - Parameters:
  ///   - items: one or more PNG or JPEG files side by side, a heading and lines of text.
  public mutating func gallery(_ items: [(images: [Data], heading: String, lines: [String])]) {
    body += "<div class=\"gallery\">"
    for item in items {
      body += "<figure class=\"image\"><div class=\"pair\">"
      for image in item.images {
        body +=
          "<img alt=\"\(HTMLText.escape(item.heading))\" src=\"\(Self.dataURL(image))\">"
      }
      body += "</div><figcaption><b>\(HTMLText.escape(item.heading))</b>"
      for line in item.lines { body += "<span>\(HTMLText.escape(line))</span>" }
      body += "</figcaption></figure>\n"
    }
    body += "</div>\n"
  }

  /// The HTML text of the page.
  public func html() -> String {
    var page = self
    page.closeSection()
    let refresh = refreshSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? ""
    let links = contents.map { "<a href=\"#\($0.id)\">\(HTMLText.escape($0.title))</a>" }
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      \(refresh)<title>\(HTMLText.escape(title))</title>
      <style>\(Self.style)</style></head><body>
      <header><h1>\(HTMLText.escape(title))</h1><p>\(HTMLText.escape(subtitle))</p>
      <nav>\(links.joined())</nav></header>
      <main>
      \(page.body)</main>
      <footer>Written by KeepFIT for Swift. For research only; must not be used for diagnosis.</footer>
      </body></html>

      """
  }

  /// Writes the page atomically, so that a reader never sees an incomplete page.
  ///
  /// - Throws: `CocoaError` if the file cannot be written.
  public func write(to url: URL) throws {
    try Data(html().utf8).write(to: url, options: .atomic)
  }

  private mutating func closeSection() {
    if isSectionOpen { body += "</section>\n" }
    isSectionOpen = false
  }

  private static func dataURL(_ image: Data) -> String {
    let type = image.starts(with: [0xFF, 0xD8]) ? "image/jpeg" : "image/png"
    return "data:\(type);base64,\(image.base64EncodedString())"
  }

  private static let style = """
    :root{color-scheme:light}*{box-sizing:border-box}
    body{margin:0;background:#F5F7FA;color:#1F2933;font:16px/1.5 \(PlotStyle.font)}
    header{background:#102A43;color:#fff;padding:28px max(24px,calc((100vw - 1360px)/2)) 16px}
    h1{margin:0;font-size:28px;font-weight:650;letter-spacing:-.01em}header p{margin:4px 0 14px;color:#D9E2EC}
    nav a{display:inline-block;color:#D9E2EC;text-decoration:none;margin:0 22px 6px 0;border-bottom:1px solid #627D98}
    main{max-width:1408px;margin:0 auto;padding:8px 24px 32px}
    section{background:#fff;border:1px solid #E4E7EB;border-radius:10px;padding:8px 24px 20px;margin:20px 0}
    h2{font-size:21px;margin:14px 0 8px}h3{font-size:17px;margin:18px 0 6px}p{max-width:80ch;margin:8px 0}
    .notice{background:#FFF8E6;border-left:4px solid #E69F00;padding:8px 14px;border-radius:4px}
    .tiles{display:flex;flex-wrap:wrap;gap:12px;margin:12px 0}
    .tile{border:1px solid #E4E7EB;border-radius:8px;padding:10px 18px;min-width:130px;background:#FAFBFC}
    .tile b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.tile span{color:#52606D;font-size:14px}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:16px;align-items:start}
    figure{margin:8px 0;min-width:0}figure svg{max-width:100%;height:auto;display:block}
    .table{overflow-x:auto;margin:12px 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:#52606D;padding-bottom:6px;font-size:15px}
    th{font-weight:600;text-align:left;border-bottom:2px solid #9AA5B1;padding:6px 14px 6px 0;vertical-align:bottom}
    td{padding:6px 14px 6px 0;border-bottom:1px solid #E4E7EB;vertical-align:top}td:first-child{min-width:11em}
    th.n,td.n{text-align:right}td.n{white-space:nowrap}td.b{font-weight:700}td.q{color:#52606D;font-style:italic}
    .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,280px),1fr));gap:18px;margin:12px 0}
    .image{border:1px solid #E4E7EB;border-radius:8px;overflow:hidden;background:#FAFBFC;margin:0}
    .pair{display:flex;background:#000}.pair img{flex:1 1 0;min-width:0;width:100%;object-fit:contain;display:block}
    figcaption{padding:10px 14px}figcaption span{display:block;color:#52606D;font-size:14.5px}
    dl{display:grid;grid-template-columns:minmax(9em,16em) 1fr;gap:6px 18px;margin:12px 0}
    dt{font-weight:600}dd{margin:0;max-width:80ch;overflow-wrap:anywhere}
    footer{text-align:center;color:#52606D;padding:0 24px 32px;font-size:14px}
    @media (max-width:640px){main{padding:4px 10px 24px}header{padding:18px 14px 10px}h1{font-size:22px}
    section{padding:6px 12px 14px;margin:12px 0}dl{grid-template-columns:1fr}dd{margin-bottom:6px}
    table,tbody,tr,td,caption{display:block;width:100%}thead{display:none}tr{border-bottom:2px solid #9AA5B1}
    td,td.n{display:flex;justify-content:space-between;gap:12px;text-align:right;white-space:normal;padding:4px 0}
    td::before{content:attr(data-label);color:#52606D;text-align:left;flex:0 1 45%}td:first-child{font-weight:600}}
    @media print{@page{size:A4;margin:12mm}body{background:#fff;font-size:11px}nav{display:none}
    header{background:none;color:#000;padding:0 0 8px}header p{color:#333}main{padding:0;max-width:none}
    section{border:0;padding:0;margin:12px 0}h2,h3{break-after:avoid}caption{break-after:avoid;font-size:10px}
    .table{overflow:visible}table{font-size:9px;width:100%}thead{display:table-header-group}
    th,td,td.n{padding:3px 6px 3px 0;white-space:normal;overflow-wrap:anywhere}td:first-child{min-width:0}
    tbody tr:first-child{break-before:avoid}tr,figure,.tile,.notice,dt,dd{break-inside:avoid}.notice{border:1px solid #E69F00}
    .figures,.gallery{grid-template-columns:1fr 1fr;gap:8px}.pair img{max-height:42mm}figcaption{padding:4px 8px}figcaption span{font-size:9px}
    footer{padding:0;font-size:9px}
    dl{grid-template-columns:13em 1fr;gap:2px 10px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """
}
