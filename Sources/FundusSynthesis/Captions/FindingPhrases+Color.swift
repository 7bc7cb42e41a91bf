extension FindingKind {
  /// What a color photograph shows.
  var colorPhrases: FindingPhrases? {
    switch self {
    case .microaneurysms:
      .init(
        [
          "{N} microaneurysms {is} seen {W}", "{N} tiny round red dots lie {W}",
          "there are {N} microaneurysms {W}",
        ], ["{W}可见{N}微血管瘤", "{W}见{N}细小红点状微血管瘤"])
    case .dotHemorrhages:
      .init(
        [
          "{N} dot and blot haemorrhages {is} scattered {W}",
          "{N} dark red blots of blood lie {W}",
          "{N} round intraretinal haemorrhages {is} visible {W}",
        ], ["{W}可见{N}点片状出血", "{W}散在{N}暗红色圆形视网膜内出血"])
    case .flameHemorrhages:
      .init(
        [
          "{N} flame-shaped haemorrhages {is} seen {W}",
          "{N} superficial streaks of blood follow the nerve fibres {W}",
        ], ["{W}可见{N}火焰状出血", "{W}见{N}沿神经纤维走行的浅层出血"])
    case .preretinalHemorrhage:
      .init(
        [
          "a boat-shaped preretinal haemorrhage with a level upper border lies {W}",
          "a large pool of blood in front of the retina is seen {W}",
        ], ["{W}可见舟状视网膜前出血，上缘呈水平面", "{W}见大片视网膜前出血"])
    case .hardExudates:
      .init(
        [
          "{N} cluster{s} of hard exudates {is} seen {W}",
          "{N} group{s} of sharply bordered waxy yellow deposits {lie} {W}",
          "there {is} {N} patch{es} of yellow hard exudates {W}",
        ], ["{W}可见{N}黄白色硬性渗出", "{W}见{N}边界清晰的蜡黄色硬性渗出灶"])
    case .cottonWoolSpots:
      .init(
        [
          "{N} cotton wool spot{s} {is} seen {W}",
          "{N} fluffy white patch{es} with feathered edges {lie} {W}",
        ], ["{W}可见{N}棉绒斑", "{W}见{N}边界模糊的白色棉絮状渗出"])
    case .neovascularization:
      .init(
        ["{N} tangle{s} of fine new vessels {is} seen {W}", "neovascularisation grows {W}"],
        ["{W}可见新生血管", "{W}见{N}纤细迂曲的新生血管丛"])
    case .venousBeading:
      .init(
        ["the veins are beaded like a string of sausages", "venous beading is present"],
        ["静脉呈串珠样改变", "视网膜静脉粗细不均，呈腊肠样"])
    case .venousCongestion:
      .init(
        ["the veins are {D} dilated and tortuous", "winding, engorged veins are seen"],
        ["视网膜静脉{D}迂曲扩张", "静脉充盈、迂曲"])
    case .attenuatedArteries:
      .init(
        ["the arteries are {D} narrowed", "the retinal arterioles are thin"],
        ["视网膜动脉{D}变细", "动脉纤细"])
    case .arteriovenousNicking:
      .init(
        [
          "veins are nipped where arteries cross them",
          "arteriovenous nicking and a bright arterial reflex are present",
        ], ["动静脉交叉压迫征阳性", "动脉反光增强，可见动静脉交叉压迹"])
    case .laserScars:
      .init(
        [
          "{N} round laser scars with dark pigment lie {W}",
          "photocoagulation burns are scattered {W}",
        ], ["{W}可见{N}激光光凝斑", "{W}见{N}圆形陈旧激光斑伴色素"])
    case .macularEdema:
      .init(
        [
          "the macula is {D} thickened and the foveal reflex is lost",
          "greyish swelling with cystic spaces is seen at the fovea",
        ], ["黄斑区{D}水肿，中心凹反光消失", "黄斑部视网膜增厚，可见囊样改变"])
    case .nonPerfusion: nil
    default: deepColorPhrases
    }
  }

  private var deepColorPhrases: FindingPhrases? {
    switch self {
    case .drusen:
      .init(
        ["{N} yellowish drusen lie {W}", "{N} round pale yellow drusen {is} seen {W}"],
        ["{W}可见{N}黄白色玻璃膜疣", "{W}见{N}圆形淡黄色玻璃膜疣"])
    case .geographicAtrophy:
      .init(
        [
          "a sharply bordered pale patch of geographic atrophy shows the choroidal vessels {W}",
          "the pigment epithelium is lost in a well-defined area {W}",
        ], ["{W}可见边界清晰的地图状萎缩，透见脉络膜血管", "{W}色素上皮呈片状萎缩"])
    case .choroidalNeovascularization:
      .init(
        [
          "a grey-green membrane with subretinal blood lies {W}",
          "a choroidal neovascular membrane with a rim of haemorrhage is seen {W}",
        ], ["{W}可见灰绿色新生血管膜，周围视网膜下出血", "{W}见脉络膜新生血管伴出血"])
    case .serousDetachment:
      .init(
        [
          "a round serous detachment of {R} disc diameters raises the macula",
          "a smooth dome of clear subretinal fluid with a ring reflex lies {W}",
        ], ["黄斑区可见约{R}PD圆形浆液性视网膜脱离", "{W}见盘状浆液性脱离，边缘可见反光晕"])
    case .macularHole:
      .init(
        [
          "a round red full-thickness hole with a grey cuff lies at the fovea",
          "the fovea shows a punched-out defect with a sharp edge",
        ], ["黄斑中心凹可见圆形暗红色全层裂孔，周围灰色晕环", "黄斑中央见边界锐利的圆形裂孔"])
    case .epiretinalMembrane:
      .init(
        [
          "a glistening membrane with fine wrinkles covers the macula",
          "a translucent epiretinal film with radiating folds is seen {W}",
        ], ["黄斑前可见金箔样反光膜，伴放射状皱褶", "{W}见半透明膜样组织及视网膜皱褶"])
    case .enlargedCup:
      .init(
        [
          "the cup is {D} enlarged with a cup-to-disc ratio of {C} and a thin rim",
          "the disc is deeply cupped, cup-to-disc ratio about {C}",
        ], ["视杯{D}扩大，杯盘比约{C}，盘沿变窄", "视盘凹陷加深，C/D约{C}"])
    case .discSwelling:
      .init(
        [
          "the optic disc is {D} swollen with blurred margins",
          "the disc is raised and its margin cannot be made out",
        ], ["视盘{D}水肿，边界不清", "视盘隆起，边界模糊"])
    case .discPallor:
      .init(
        ["the optic disc is {D} pale", "the disc has a waxy pale colour"],
        ["视盘颜色{D}苍白", "视盘色淡"])
    case .myopicCrescent:
      .init(
        [
          "a pale crescent lies on the temporal side of the disc",
          "a white arc of bare sclera borders the disc",
        ], ["视盘颞侧可见近视弧形斑", "视盘旁见白色弧形萎缩斑"])
    case .tessellation:
      .init(
        [
          "the fundus is {D} tessellated and shows the choroidal vessels",
          "choroidal vessels show through like leopard skin",
        ], ["眼底呈{D}豹纹状改变，透见脉络膜血管", "豹纹状眼底"])
    case .chorioretinalAtrophy:
      .init(
        [
          "{N} white patch{es} of chorioretinal atrophy with pigmented edges {is} seen {W}",
          "{N} atrophic patch{es} with bare sclera {lie} {W}",
        ], ["{W}可见{N}白色脉络膜视网膜萎缩灶，边缘色素沉着", "{W}见{N}片状萎缩斑，暴露巩膜"])
    case .boneSpicules:
      .init(
        [
          "{N} black pigment clumps like bone spicules lie {W}",
          "bone-spicule pigment covers a greyish retina {W}",
        ], ["{W}可见{N}骨细胞样色素沉着", "视网膜呈青灰色，{W}见骨细胞样色素"])
    case .retinalWhitening:
      .init(
        [
          "the retina is milky white and swollen {W}",
          "pale ischaemic retina is seen {W}",
        ], ["{W}视网膜灰白水肿", "{W}视网膜呈乳白色缺血水肿"])
    case .myelinatedFibers:
      .init(
        [
          "white feathery streaks leave the disc margin and cover the vessels {W}",
          "a brush-like white patch of myelinated fibres is seen {W}",
        ], ["{W}可见由视盘发出的白色羽毛状有髓神经纤维", "{W}见白色毛刷状斑块，遮盖血管"])
    case .nevus:
      .init(
        [
          "a flat slate-grey patch lies beneath the retina {W}",
          "a dark choroidal naevus is seen {W}",
        ],
        ["{W}可见扁平青灰色脉络膜痣", "{W}见灰黑色斑块，表面少许玻璃膜疣"])
    case .asteroidBodies:
      .init(
        [
          "{N} bright round particles float in the vitreous",
          "asteroid bodies are strewn before the retina",
        ], ["玻璃体内可见{N}星状亮点", "玻璃体内见漂浮的黄白色小体"])
    case .mediaHaze:
      .init(
        [
          "the view is {D} hazy because of a cloudy lens",
          "the fundus is veiled and its details are blurred",
        ], ["晶状体混浊，眼底{D}模糊", "屈光间质混浊，眼底窥不清"])
    default: nil
    }
  }
}
