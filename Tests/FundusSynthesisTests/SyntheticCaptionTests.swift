import Foundation
import FundusSynthesis
import Testing

@Suite struct SyntheticCaptionTests {
  private func drawn(
    _ kind: FindingKind, _ area: FindingArea = .anywhere, modality: ImagingModality = .colorFundus,
    laterality: Laterality = .right, seed: UInt64 = 5, size: Int = 32
  ) -> RenderedFundus {
    SyntheticFundus(
      modality: modality, findings: [.init(kind, severity: 0.8, area: area)],
      laterality: laterality, seed: seed
    ).render(size: size)
  }

  /// A word that one of the phrases for each finding has, in English and in Chinese.
  private static let words: [FindingKind: (english: [String], chinese: [String])] = [
    .microaneurysms: (["microaneurysm", "red dots"], ["微血管瘤"]),
    .dotHemorrhages: (["haemorrhages", "blots of blood"], ["出血"]),
    .flameHemorrhages: (["flame-shaped", "streaks of blood"], ["火焰状出血", "浅层出血"]),
    .preretinalHemorrhage: (["preretinal", "pool of blood in front"], ["视网膜前出血"]),
    .hardExudates: (["exudates", "waxy yellow deposits"], ["硬性渗出"]),
    .cottonWoolSpots: (["cotton wool", "fluffy white"], ["棉绒斑", "棉絮状"]),
    .neovascularization: (["new vessels", "eovascularisation"], ["新生血管"]),
    .venousBeading: (["beaded", "beading"], ["串珠", "腊肠"]),
    .venousCongestion: (["tortuous", "engorged"], ["迂曲"]),
    .attenuatedArteries: (["narrowed", "thin"], ["变细", "纤细"]),
    .arteriovenousNicking: (["nipped", "nicking"], ["交叉压"]),
    .laserScars: (["laser", "hotocoagulation"], ["激光"]),
    .macularEdema: (["thickened", "swelling"], ["水肿", "增厚"]),
    .drusen: (["drusen"], ["玻璃膜疣"]),
    .geographicAtrophy: (["atrophy", "epithelium is lost"], ["萎缩"]),
    .choroidalNeovascularization: (["membrane"], ["新生血管"]),
    .serousDetachment: (["detachment", "subretinal fluid"], ["浆液性"]),
    .macularHole: (["hole", "punched-out"], ["裂孔"]),
    .epiretinalMembrane: (["membrane", "film"], ["膜"]),
    .enlargedCup: (["cup"], ["杯", "凹陷"]),
    .discSwelling: (["swollen", "raised"], ["水肿", "隆起"]),
    .discPallor: (["pale"], ["苍白", "色淡"]),
    .myopicCrescent: (["crescent", "arc of bare sclera"], ["弧形"]),
    .tessellation: (["tessellated", "leopard"], ["豹纹"]),
    .chorioretinalAtrophy: (["atrophy", "atrophic"], ["萎缩"]),
    .boneSpicules: (["spicule"], ["骨细胞样"]),
    .retinalWhitening: (["milky white", "ischaemic"], ["水肿"]),
    .myelinatedFibers: (["feathery", "myelinated"], ["羽毛状", "毛刷状"]),
    .nevus: (["patch", "naevus"], ["痣", "斑块"]),
    .asteroidBodies: (["particles", "steroid"], ["玻璃体"]),
    .mediaHaze: (["hazy", "veiled"], ["模糊", "不清"]),
  ]

  @Test func everyFindingOfAPhotographIsNamed() throws {
    for kind in FindingKind.allCases where kind != .nonPerfusion {
      let words = try #require(Self.words[kind], "\(kind)")
      let image = drawn(kind)
      for variant in 0..<6 {
        let english = image.caption(in: .english, variant: UInt64(variant))
        let chinese = image.caption(in: .chinese, variant: UInt64(variant))
        #expect(words.english.contains { english.localizedStandardContains($0) }, "\(english)")
        #expect(words.chinese.contains { chinese.contains($0) }, "\(kind): \(chinese)")
      }
    }
  }

  /// No gap of a template is left open, and nothing that has no image is claimed.
  @Test(arguments: ImagingModality.allCases) func templatesAreFilled(_ modality: ImagingModality) {
    for kind in FindingKind.allCases {
      for seed in 0..<3 {
        let image = drawn(kind, modality: modality, seed: UInt64(seed))
        for variant in 0..<3 {
          let texts = [CaptionLanguage.english, .chinese].map {
            image.caption(in: $0, variant: UInt64(variant))
          }
          for text in texts {
            #expect(!text.contains("{") && !text.contains("}"), "\(kind): \(text)")
            #expect(!text.contains("  ") && !text.contains(".."), "\(kind): \(text)")
          }
          #expect(!texts[0].contains("one microaneurysms"), "\(texts[0])")
          #expect(texts[0].hasSuffix(".") && texts[1].hasSuffix("。"))
          // A mask without words would be a finding that the expert overlooks.
          if image.masks[kind] != nil {
            #expect(texts[0].components(separatedBy: ". ").count > 1, "\(kind): \(texts[0])")
            #expect(texts[1].components(separatedBy: "。").count > 2, "\(kind): \(texts[1])")
          }
        }
      }
    }
  }

  /// The middle of what a mask covers, from -1 at the left and upper edge to 1.
  private func middle(_ mask: [UInt8], _ size: Int) -> (x: Double, y: Double) {
    var (x, y, count) = (0.0, 0.0, 0.0)
    for index in mask.indices where mask[index] > 0 {
      x += Double(index % size)
      y += Double(index / size)
      count += 1
    }
    return (2 * x / count / Double(size) - 1, 2 * y / count / Double(size) - 1)
  }

  @Test(arguments: RetinalQuadrant.allCases)
  func quadrantsAreWhereTheyAreSaidToBe(_ quadrant: RetinalQuadrant) throws {
    let chinese: [RetinalQuadrant: String] = [
      .superotemporal: "颞上", .inferotemporal: "颞下", .superonasal: "鼻上", .inferonasal: "鼻下",
    ]
    for laterality in Laterality.allCases {
      for seed in 0..<4 {
        let image = drawn(
          .flameHemorrhages, .quadrant(quadrant), laterality: laterality, seed: UInt64(seed),
          size: 96)
        // An eye that is turned away may hide a quadrant.
        guard let mask = image.masks[.flameHemorrhages], mask.contains(255) else { continue }
        let english = image.caption(in: .english)
        #expect(english.contains(quadrant.rawValue), "\(english)")
        #expect(image.caption(in: .chinese).contains(chinese[quadrant]!))
        #expect(english.contains(laterality == .right ? "right eye" : "left eye"))
        let place = middle(mask, 96)
        let isSuperior = quadrant == .superotemporal || quadrant == .superonasal
        let isTemporal = quadrant == .superotemporal || quadrant == .inferotemporal
        #expect((place.y < 0) == isSuperior, "\(english) \(place)")
        // Temporal is left of the disc in a right eye; the disc's own side is not the middle.
        let towardTemple = laterality == .right ? -place.x : place.x
        #expect(towardTemple > (isTemporal ? -0.5 : -1), "\(english) \(place)")
        if !isTemporal { #expect(towardTemple < 0.2, "\(english) \(place)") }
      }
    }
  }

  @Test func halvesAndMaculaAreSaid() {
    for seed in 0..<4 {
      let upper = drawn(.retinalWhitening, .superior, seed: UInt64(seed))
      #expect(upper.caption(in: .english).contains("in the superior half of the retina"))
      #expect(upper.caption(in: .chinese).contains("上方"))
      let lower = drawn(.retinalWhitening, .inferior, seed: UInt64(seed))
      #expect(lower.caption(in: .english).contains("in the inferior half of the retina"))
      let macula = drawn(.hardExudates, .macula, seed: UInt64(seed))
      let text = macula.caption(in: .english)
      #expect(text.contains("fovea"), "\(text)")
      #expect(macula.caption(in: .chinese).contains("黄斑"))
    }
  }

  @Test func theDiagnosisIsGivenOrKept() {
    for disease in FundusDisease.allCases {
      for modality in disease.modalities {
        let image = SyntheticFundus(modality: modality, disease: disease, seed: 2)
          .render(size: 32)
        let named = Set((0..<12).map { image.caption(in: .english, variant: $0) })
        #expect(named.count > 1, "\(disease): always the same words")
        let kept = image.caption(in: .english, namesDisease: false)
        #expect(!kept.contains(" of \(disease.label) "), "\(kept)")
        let chinese = image.caption(in: .chinese)
        #expect(chinese != image.caption(in: .chinese, namesDisease: false), "\(chinese)")
        #expect(chinese.hasPrefix("左眼") || chinese.hasPrefix("右眼"))
      }
    }
  }
}
