import Foundation

/// Describes a rendered image as an expert would: the modality, the findings and their locations. Every
/// statement is true of the image.
struct CaptionWriter {
  let scene: FundusScene
  let modality: ImagingModality
  let disease: FundusDisease?
  /// Whether the caption may give the diagnosis.
  let namesDisease: Bool
  let stream: RandomStream

  func choose(_ options: [String], _ use: UInt64) -> String {
    var random = stream.derived(use)
    return options[random.index(below: options.count)]
  }

  /// The findings that this kind of image shows.
  private var shown: [(finding: any FundusFinding, phrases: FindingPhrases)] {
    scene.findings.compactMap { finding in
      // Findings without a location in the field of view are absent.
      if finding.sites.isEmpty, !(finding is DiffuseFinding) { return nil }
      if modality == .angiography, finding.kind.isHidden(in: scene.phase) { return nil }
      let byPhase = modality == .angiography ? finding.kind.phasePhrases(scene.phase) : nil
      return (byPhase ?? finding.kind.phrases(in: modality)).map { (finding, $0) }
    }
  }

  /// The caption in a language.
  func caption(in language: CaptionLanguage) -> String {
    switch language {
    case .english: english
    case .chinese: chinese
    }
  }

  private var english: String {
    let side = scene.eye.traits.laterality == .right ? "right" : "left"
    let image =
      switch modality {
      case .colorFundus:
        choose(["Color fundus image", "Colour fundus photograph", "Fundus photograph"], 1)
      case .angiography:
        scene.phase.name.capitalizedFirst + " phase fluorescein angiogram"
      case .coherenceTomography:
        choose(["Horizontal OCT B-scan", "Optical coherence tomography image"], 1)
      }
    var sentences: [String] = []
    if namesDisease, let disease {
      let name = choose(disease.englishNames, 2)
      sentences.append(
        choose(
          [
            "\(image) of \(name) in the \(side) eye",
            "\(image) of the \(side) eye with \(name)",
            "\(name.capitalizedFirst), \(side) eye",
          ], 3))
    } else {
      sentences.append("\(image) of the \(side) eye")
    }
    for (index, item) in shown.enumerated() {
      let template = choose(item.phrases.english, 10 + UInt64(index))
      sentences.append(fill(template, for: item.finding).capitalizedFirst)
    }
    sentences += healthyParts.map(\.english)
    return sentences.joined(separator: ". ") + "."
  }

  private var chinese: String {
    let side = scene.eye.traits.laterality == .right ? "右眼" : "左眼"
    let image =
      switch modality {
      case .colorFundus: "彩色眼底像"
      case .angiography: "荧光素眼底血管造影\(scene.phase.chineseName)像"
      case .coherenceTomography: "光学相干断层扫描像"
      }
    var parts: [String] = []
    for (index, item) in shown.enumerated() {
      let template = choose(item.phrases.chinese, 40 + UInt64(index))
      parts.append(fillChinese(template, for: item.finding))
    }
    parts += healthyParts.map(\.chinese)
    let name = namesDisease ? disease?.chineseName ?? "" : ""
    return side + name + image + "。" + (parts.isEmpty ? "" : parts.joined(separator: "，") + "。")
  }

  func fill(_ template: String, for finding: any FundusFinding) -> String {
    let count = CountWords(finding.sites.count)
    let plural = count.isPlural
    return [
      ("{N}", count.english), ("{s}", plural ? "s" : ""), ("{es}", plural ? "es" : ""),
      ("{s1}", plural ? "" : "s"), ("{is}", plural ? "are" : "is"),
      ("{lie}", plural ? "lie" : "lies"), ("{D}", degree(of: finding).english), ("{C}", cupRatio),
      ("{R}", size(of: finding)), ("{W}", place(of: finding).english),
    ].reduce(template) { $0.replacing($1.0, with: $1.1) }
  }

  private func fillChinese(_ template: String, for finding: any FundusFinding) -> String {
    [
      ("{N}", CountWords(finding.sites.count).chinese), ("{D}", degree(of: finding).chinese),
      ("{C}", cupRatio), ("{R}", size(of: finding)), ("{W}", place(of: finding).chinese),
    ].reduce(template) { $0.replacing($1.0, with: $1.1) }
  }

  private func place(of finding: any FundusFinding) -> (english: String, chinese: String) {
    switch finding.kind {
    case .neovascularization:
      if let first = finding.sites.first, scene.eye.traits.discDistance(first.place) < 1 {
        return finding.sites.count == 1
          ? ("on the optic disc", "视盘") : ("on the optic disc and elsewhere", "视盘及视网膜")
      }
    case .retinalWhitening:
      switch scene.areas[finding.kind] {
      case .superior?: return ("in the superior half of the retina", "上方")
      case .inferior?: return ("in the inferior half of the retina", "下方")
      default:
        return modality == .colorFundus
          ? ("around a cherry-red fovea", "后极部（黄斑樱桃红）") : ("around the fovea", "后极部")
      }
    default: break
    }
    return FindingPlaceWords(eye: scene.eye, sites: finding.sites).words
  }

  /// The vertical cup-to-disc ratio to one digit.
  private var cupRatio: String {
    String(format: "%.1f", Double(scene.eye.traits.cupRatio))
  }

  /// The widest site in disc diameters.
  private func size(of finding: any FundusFinding) -> String {
    let radius = finding.sites.map(\.radius).max() ?? 0
    return String(format: "%.1f", Double(radius / scene.eye.traits.discRadius.y))
  }

  private func degree(of finding: any FundusFinding) -> (english: String, chinese: String) {
    switch finding.severity {
    case ..<0.4: ("slightly", "轻度")
    case ..<0.7: ("clearly", "中度")
    default: ("markedly", "明显")
    }
  }

  /// Normal structures worth mentioning.
  private var healthyParts: [(english: String, chinese: String)] {
    let kinds = Set(scene.findings.map(\.kind))
    guard modality == .colorFundus else {
      if !kinds.isEmpty { return [] }
      return modality == .angiography
        ? [("The vessels fill normally and nothing leaks", "血管充盈正常，未见渗漏")]
        : [("All layers are regular and the foveal pit is normal", "各层结构清晰，中心凹形态正常")]
    }
    var random = stream.derived(72)
    guard random.uniform() < (kinds.isEmpty ? 1 : 0.45) else { return [] }
    var parts: [(String, String)] = []
    if kinds.isDisjoint(with: [.enlargedCup, .discSwelling, .discPallor, .mediaHaze]) {
      let options = [
        "The disc margin is clear, cup-to-disc ratio about \(cupRatio)",
        "The optic disc is pink with a clear margin",
      ]
      parts.append((choose(options, 70), "视盘边界清，C/D约\(cupRatio)"))
    }
    if kinds.isEmpty {
      let options = [
        "The macula is clean and the vessels run regularly",
        "No haemorrhage, exudate or other lesion is seen",
      ]
      parts.append((choose(options, 71), "黄斑正常，未见出血及渗出"))
    }
    return parts
  }
}

/// Words for a number of sites.
private struct CountWords {
  let english: String
  let chinese: String
  let isPlural: Bool

  init(_ count: Int) {
    isPlural = count > 1
    (english, chinese) =
      switch count {
      case ...1: ("one", "一处")
      case 2: ("two", "两处")
      case 3: ("three", "三处")
      case 4...8: ("a few", "少量")
      case 9...20: ("several", "数个")
      case 21...45: ("many", "多个")
      default: ("numerous", "大量")
      }
  }
}

extension String {
  /// The text with its first letter in upper case.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
