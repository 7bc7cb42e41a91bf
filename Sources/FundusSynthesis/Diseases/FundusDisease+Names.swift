extension FundusDisease {
  /// The clinical names, the label first.
  var englishNames: [String] {
    switch self {
    case .normal: ["a normal fundus", "a normal retina"]
    case .mildDiabeticRetinopathy:
      ["mild diabetic retinopathy", "mild non-proliferative diabetic retinopathy"]
    case .moderateDiabeticRetinopathy:
      ["moderate diabetic retinopathy", "moderate non-proliferative diabetic retinopathy"]
    case .severeDiabeticRetinopathy:
      ["severe diabetic retinopathy", "severe non-proliferative diabetic retinopathy"]
    case .ageRelatedMacularDegeneration:
      ["age related macular degeneration", "age-related macular degeneration"]
    case .drusens: ["drusens", "macular drusen"]
    case .opticDiscEdema: ["optic disc edema", "papilloedema"]
    case .pathologicMyopia: ["pathologic myopia", "high myopia"]
    case .tessellation: ["tessellation", "a tessellated fundus"]
    case .cataract: ["cataract", "a cloudy lens"]
    case .macularHole: ["macular hole", "a full-thickness macular hole"]
    case .epiretinalMembrane: ["epiretinal membrane", "macular pucker"]
    case .centralSerousRetinopathy:
      ["central serous retinopathy", "central serous chorioretinopathy"]
    case .retinitisPigmentosa: ["retinitis pigmentosa", "primary pigmentary degeneration"]
    case .laserScar: ["laser scar", "the state after laser photocoagulation"]
    case .choroidalNevus: ["choroidal nevus", "choroidal naevus"]
    default: [label]
    }
  }

  /// The Chinese name.
  var chineseName: String {
    switch self {
    case .normal: "正常眼底"
    case .mildDiabeticRetinopathy: "轻度非增生性糖尿病视网膜病变"
    case .moderateDiabeticRetinopathy: "中度非增生性糖尿病视网膜病变"
    case .severeDiabeticRetinopathy: "重度非增生性糖尿病视网膜病变"
    case .proliferativeDiabeticRetinopathy: "增生性糖尿病视网膜病变"
    case .diabeticMacularEdema: "糖尿病性黄斑水肿"
    case .ageRelatedMacularDegeneration: "年龄相关性黄斑变性"
    case .drusens: "玻璃膜疣"
    case .choroidalNeovascularization: "脉络膜新生血管"
    case .geographicAtrophy: "地图状萎缩"
    case .glaucoma: "青光眼"
    case .opticDiscEdema: "视盘水肿"
    case .opticAtrophy: "视神经萎缩"
    case .pathologicMyopia: "病理性近视"
    case .tessellation: "豹纹状眼底"
    case .cataract: "白内障"
    case .macularHole: "黄斑裂孔"
    case .epiretinalMembrane: "黄斑前膜"
    case .centralSerousRetinopathy: "中心性浆液性脉络膜视网膜病变"
    case .cystoidMacularEdema: "黄斑囊样水肿"
    case .retinitisPigmentosa: "视网膜色素变性"
    case .hypertensiveRetinopathy: "高血压性视网膜病变"
    case .branchRetinalVeinOcclusion: "视网膜分支静脉阻塞"
    case .centralRetinalVeinOcclusion: "视网膜中央静脉阻塞"
    case .centralRetinalArteryOcclusion: "视网膜中央动脉阻塞"
    case .branchRetinalArteryOcclusion: "视网膜分支动脉阻塞"
    case .laserScar: "视网膜激光光凝术后"
    case .myelinatedNerveFibers: "有髓神经纤维"
    case .choroidalNevus: "脉络膜痣"
    case .asteroidHyalosis: "玻璃体星状变性"
    }
  }
}
