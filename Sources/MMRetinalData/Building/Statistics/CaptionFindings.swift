/// Findings and diseases of the retina by the words that captions use for them, in English and Chinese.
///
/// A text counts once for a finding, no matter how often it names it. Negation is not detected: "no
/// hemorrhages" counts as hemorrhage.
public enum CaptionFindings {
  /// A finding and its words.
  struct Term: Sendable {
    let name: String
    /// Lower case, words separated by single spaces.
    let english: [String]
    let chinese: [String]

    init(_ name: String, _ english: [String], _ chinese: [String]) {
      self.name = name
      self.english = english
      self.chinese = chinese
    }
  }

  /// How many texts name each finding; those that none names are left out. The most frequent first, then by name.
  public static func counts(in texts: [String], language: CaptionLanguage) -> [FindingCount] {
    var counts: [String: Int] = [:]
    for text in texts {
      let words =
        language == .english
        ? " \(TextStatistics.words(text.lowercased()).joined(separator: " ")) " : text
      for term in terms where names(term, words, language) { counts[term.name, default: 0] += 1 }
    }
    return counts.map { FindingCount(finding: $0.key, texts: $0.value) }
      .sorted { ($1.texts, $0.finding) < ($0.texts, $1.finding) }
  }

  private static func names(_ term: Term, _ words: String, _ language: CaptionLanguage) -> Bool {
    switch language {
    case .english: term.english.contains { words.contains(" \($0) ") }
    case .chinese: term.chinese.contains { words.contains($0) }
    }
  }

  static let terms: [Term] = [
    Term(
      "hemorrhage", ["hemorrhage", "hemorrhages", "haemorrhage", "haemorrhages", "bleeding"], ["出血"]
    ),
    Term("exudate", ["exudate", "exudates", "exudation"], ["渗出"]),
    Term(
      "cotton-wool spot", ["cotton wool spot", "cotton wool spots", "soft exudates"],
      ["棉絮斑", "棉绒斑"]),
    Term("microaneurysm", ["microaneurysm", "microaneurysms"], ["微血管瘤", "微动脉瘤"]),
    Term("macroaneurysm", ["macroaneurysm", "macroaneurysms"], ["大动脉瘤"]),
    Term(
      "neovascularization",
      ["neovascularization", "neovascularisation", "neovascular", "new vessels", "cnv"], ["新生血管"]),
    Term("leakage", ["leakage", "leaking", "leak"], ["渗漏"]),
    Term("nonperfusion", ["nonperfusion", "non perfusion", "capillary closure"], ["无灌注"]),
    Term("edema", ["edema", "oedema", "edematous"], ["水肿"]),
    Term("drusen", ["drusen", "drusens"], ["玻璃膜疣"]),
    Term("atrophy", ["atrophy", "atrophic"], ["萎缩"]),
    Term("detachment", ["detachment", "detached", "detachments"], ["脱离"]),
    Term("macular hole", ["macular hole", "macular holes"], ["黄斑裂孔"]),
    Term("retinal tear", ["tear", "tears", "retinal break", "retinal breaks"], ["裂孔"]),
    Term(
      "membrane", ["epiretinal membrane", "macular pucker", "membrane", "membranes"],
      ["前膜", "增殖膜", "机化膜"]),
    Term("scar", ["scar", "scars", "fibrosis", "gliosis"], ["瘢痕"]),
    Term("pigmentation", ["pigmentation", "pigment", "pigmented", "hyperpigmentation"], ["色素"]),
    Term(
      "vein occlusion", ["vein occlusion", "crvo", "brvo", "venous occlusion"], ["静脉阻塞", "静脉栓塞"]),
    Term(
      "artery occlusion", ["artery occlusion", "crao", "brao", "arterial occlusion"],
      ["动脉阻塞", "动脉栓塞"]),
    Term(
      "diabetic retinopathy", ["diabetic retinopathy", "npdr", "pdr"], ["糖尿病视网膜病变", "糖尿病性视网膜病变"]),
    Term("macular degeneration", ["macular degeneration", "amd", "armd"], ["黄斑变性"]),
    Term(
      "polypoidal vasculopathy", ["polypoidal choroidal vasculopathy", "pcv", "polypoidal"],
      ["息肉样脉络膜血管病变"]),
    Term("central serous chorioretinopathy", ["central serous", "csc", "cscr"], ["中心性浆液性"]),
    Term("retinitis pigmentosa", ["retinitis pigmentosa"], ["视网膜色素变性"]),
    Term(
      "pathologic myopia", ["pathologic myopia", "pathological myopia", "high myopia"],
      ["病理性近视", "高度近视"]),
    Term("glaucoma", ["glaucoma", "glaucomatous"], ["青光眼"]),
    Term("cupping", ["cupping", "optic cup", "cup to disc", "cup disc"], ["视杯", "杯盘比"]),
    Term(
      "papilledema", ["papilledema", "papilloedema", "disc edema", "optic disc swelling"],
      ["视乳头水肿", "视盘水肿"]),
    Term(
      "optic neuropathy", ["optic neuropathy", "optic neuritis", "papillitis"], ["视神经病变", "视神经炎"]),
    Term(
      "uveitis", ["uveitis", "choroiditis", "chorioretinitis", "retinochoroiditis"],
      ["葡萄膜炎", "脉络膜炎", "视网膜炎"]),
    Term("vasculitis", ["vasculitis", "periphlebitis", "sheathing"], ["血管炎", "静脉周围炎", "白鞘"]),
    Term("Vogt-Koyanagi-Harada disease", ["vkh", "vogt koyanagi harada", "harada"], ["小柳", "原田"]),
    Term("hemangioma", ["hemangioma", "hemangiomas", "haemangioma"], ["血管瘤"]),
    Term("melanoma", ["melanoma", "melanomas"], ["黑色素瘤"]),
    Term("nevus", ["nevus", "nevi", "naevus"], ["色素痣"]),
    Term("retinoblastoma", ["retinoblastoma"], ["视网膜母细胞瘤"]),
    Term("coloboma", ["coloboma", "colobomas"], ["缺损"]),
    Term("myelinated nerve fibers", ["myelinated", "medullated"], ["有髓"]),
    Term("Coats disease", ["coats"], ["coats", "Coats"]),
    Term("Stargardt disease", ["stargardt"], ["Stargardt"]),
    Term("staphyloma", ["staphyloma", "staphylomas"], ["葡萄肿"]),
    Term("laser treatment", ["laser", "photocoagulation"], ["激光", "光凝"]),
    Term("cataract", ["cataract", "cataracts"], ["白内障"]),
    Term("retinopathy of prematurity", ["retinopathy of prematurity", "rop"], ["早产儿视网膜病变"]),
  ]
}

/// The number of texts that name a finding.
public struct FindingCount: Sendable, Hashable, Codable {
  /// The finding.
  public let finding: String
  /// The number of texts.
  public let texts: Int

  /// A count.
  public init(finding: String, texts: Int) {
    self.finding = finding
    self.texts = texts
  }
}
