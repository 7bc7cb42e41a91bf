/// The images of a dataset: a pure function of its configuration.
struct DatasetPlan {
  /// An image with its place in the dataset.
  struct Image {
    let folder: String
    let number: Int
    let fundus: SyntheticFundus
    let role: Role

    /// The path below the root, without extension.
    var path: String {
      let digits = String(number)
      return "\(folder)/" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
  }

  /// The purpose of an image.
  enum Role {
    /// Public: attributes and categories.
    case labeled(attributes: [String], categories: [String])
    /// Expert: a caption, with or without the diagnosis.
    case captioned(named: Bool, variant: UInt64)
    /// An image of a study: the report of all its phases.
    case reported(study: Study)
  }

  /// An eye whose angiogram has a report.
  struct Study: Equatable {
    let id: String
    let split: String
    /// When its images were taken, in the order of time.
    let phases: [AngiogramPhase]
    let variant: UInt64
  }

  static let reports = "S9_REPORTS_FFA"
  static let grades = "S1_GRADES", screening = "S2_SCREENING", lesions = "S3_LESIONS"
  static let expert = "S4_EXPERT", seen = "S5_SEEN", unseen = "S6_UNSEEN"
  static let angiograms = "S7_EXPERT_FFA", tomograms = "S8_EXPERT_OCT"

  private(set) var images: [Image] = []
  private let root: RandomStream
  let configuration: SyntheticDataset.Configuration

  /// Diabetic retinopathy by grade, from none to proliferative.
  static let gradeDiseases: [FundusDisease] = [
    .normal, .mildDiabeticRetinopathy, .moderateDiabeticRetinopathy, .severeDiabeticRetinopathy,
    .proliferativeDiabeticRetinopathy,
  ]

  /// The label of a grade in the grading set.
  static func gradeLabel(_ disease: FundusDisease) -> String {
    disease == .normal ? "no diabetic retinopathy" : disease.label
  }

  /// The classes of the screening set.
  var screeningDiseases: [FundusDisease] {
    [
      .normal, .glaucoma, .ageRelatedMacularDegeneration, .hypertensiveRetinopathy,
      .branchRetinalVeinOcclusion, .centralRetinalVeinOcclusion, .laserScar, .choroidalNevus,
    ].filter { !configuration.unseen.contains($0) }
  }

  /// The classes of the test images whose labels the public sets have.
  var seenDiseases: [FundusDisease] {
    [
      .normal, .mildDiabeticRetinopathy, .moderateDiabeticRetinopathy, .severeDiabeticRetinopathy,
      .proliferativeDiabeticRetinopathy, .glaucoma, .ageRelatedMacularDegeneration,
      .hypertensiveRetinopathy, .branchRetinalVeinOcclusion, .centralRetinalVeinOcclusion,
    ].filter { !configuration.unseen.contains($0) }
  }

  init(_ configuration: SyntheticDataset.Configuration) {
    self.configuration = configuration
    root = RandomStream(seed: configuration.seed).derived("synthetic dataset")
    addGrades(configuration.publicCount * 2 / 5)
    addScreening(configuration.publicCount * 2 / 5)
    addLesions(configuration.publicCount - 2 * (configuration.publicCount * 2 / 5))
    addExperts(configuration.expertCount, .colorFundus, Self.expert)
    addExperts(configuration.angiogramCount, .angiography, Self.angiograms)
    addExperts(configuration.tomogramCount, .coherenceTomography, Self.tomograms)
    addReports(configuration.reportCount)
    addTests(seenDiseases, Self.seen)
    addTests(configuration.unseen, Self.unseen)
  }

  /// The stream of an image: independent of how many others there are.
  func stream(_ folder: String, _ number: Int) -> RandomStream {
    root.derived(folder).derived(UInt64(number))
  }

  /// Adds an image.
  mutating func add(_ image: Image) { images.append(image) }

  private mutating func add(
    _ folder: String, _ number: Int, _ disease: FundusDisease, _ role: Role,
    modality: ImagingModality = .colorFundus, haze: Float = 0, stream: inout RandomStream
  ) {
    var fundus = SyntheticFundus(modality: modality, disease: disease, seed: stream.next())
    if haze > 0 { fundus.findings.append(.init(.mediaHaze, severity: haze)) }
    images.append(Image(folder: folder, number: number, fundus: fundus, role: role))
  }

  /// A few images of public sets are poor; some sets say so.
  private func quality(_ stream: inout RandomStream) -> (attributes: [String], haze: Float) {
    let poor = stream.uniform() < 0.05
    let haze = poor ? stream.uniform(in: 0.01..<0.12) : 0
    return (poor ? ["noisy"] : ["clean"], haze)
  }

  private mutating func addGrades(_ count: Int) {
    for number in 0..<count {
      var stream = stream(Self.grades, number)
      // Healthy eyes are most of a screening program.
      let drawn = stream.uniform()
      let grade = drawn < 0.36 ? 0 : drawn < 0.5 ? 1 : drawn < 0.74 ? 2 : drawn < 0.88 ? 3 : 4
      var labeled = grade
      if stream.uniform() < configuration.labelNoise {
        // Graders differ by one step.
        labeled = grade == 0 ? 1 : grade == 4 ? 3 : grade + (stream.uniform() < 0.5 ? -1 : 1)
      }
      let (attributes, haze) = quality(&stream)
      add(
        Self.grades, number, Self.gradeDiseases[grade],
        .labeled(
          attributes: attributes, categories: [Self.gradeLabel(Self.gradeDiseases[labeled])]),
        haze: haze, stream: &stream)
    }
  }

  private mutating func addScreening(_ count: Int) {
    let diseases = screeningDiseases
    for number in 0..<count {
      var stream = stream(Self.screening, number)
      let healthy = stream.uniform() < 0.25
      let disease = healthy ? diseases[0] : diseases[1 + stream.index(below: diseases.count - 1)]
      var label = disease
      if stream.uniform() < configuration.labelNoise {
        label = diseases[stream.index(below: diseases.count)]
      }
      let (_, haze) = quality(&stream)
      add(
        Self.screening, number, disease, .labeled(attributes: [], categories: [label.label]),
        haze: haze, stream: &stream)
    }
  }

  /// Images labeled with the lesions that they show, some of which the graders overlook.
  private mutating func addLesions(_ count: Int) {
    let diseases: [FundusDisease] = [
      .moderateDiabeticRetinopathy, .severeDiabeticRetinopathy, .proliferativeDiabeticRetinopathy,
      .diabeticMacularEdema, .drusens, .ageRelatedMacularDegeneration, .hypertensiveRetinopathy,
    ].filter { !configuration.unseen.contains($0) }
    let hidden = Set(configuration.unseen.map(\.label))
    for number in 0..<count {
      var stream = stream(Self.lesions, number)
      let disease = diseases[stream.index(below: diseases.count)]
      let (_, haze) = quality(&stream)
      let seed = stream.next()
      var fundus = SyntheticFundus(disease: disease, seed: seed)
      var names = fundus.findings.compactMap(\.kind.label)
      names.removeAll { hidden.contains($0) || $0 == "optic disc pallor" }
      let found = names.filter { _ in stream.uniform() >= configuration.labelNoise }
      if !found.isEmpty { names = found }
      if names.isEmpty { names = ["a disease"] }
      if haze > 0 { fundus.findings.append(.init(.mediaHaze, severity: haze)) }
      images.append(
        Image(
          folder: Self.lesions, number: number, fundus: fundus,
          role: .labeled(attributes: [], categories: names)))
    }
  }

  /// Atlases show every disease about equally often.
  private mutating func addExperts(_ count: Int, _ modality: ImagingModality, _ folder: String) {
    let diseases = FundusDisease.allCases.filter { $0.modalities.contains(modality) }
    for number in 0..<count {
      var stream = stream(folder, number)
      let disease = diseases[number % diseases.count]
      let named = stream.uniform() < configuration.namedCaptions
      add(
        folder, number, disease, .captioned(named: named, variant: stream.next()),
        modality: modality, stream: &stream)
    }
  }

  private mutating func addTests(_ diseases: [FundusDisease], _ folder: String) {
    for (index, disease) in diseases.enumerated() {
      for place in 0..<configuration.testPerClass {
        let number = index * configuration.testPerClass + place
        var stream = root.derived(folder).derived(disease.label).derived(UInt64(place))
        let label = disease.label
        add(
          folder, number, disease, .labeled(attributes: [], categories: [label]), stream: &stream)
      }
    }
  }
}
