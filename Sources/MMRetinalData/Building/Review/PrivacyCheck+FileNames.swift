import Foundation

extension PrivacyCheck {
  /// Words that file names of images are made of, besides names of persons.
  private static let ordinaryWords: Set<String> = [
    "figure", "figures", "fig", "image", "images", "img", "pic", "picture", "photo", "photograph",
    "page",
    "pages", "part", "plate", "panel", "case", "cases", "chapter", "book", "atlas", "scan", "slide",
    "file",
    "copy", "crop", "cropped", "final", "new", "old", "test", "sample", "no", "number", "the", "of",
    "and", "with",
    "without", "in", "at", "after", "before", "pre", "post", "op", "to", "from", "for", "by",
    "od", "os", "ou", "re", "le", "oculus", "dexter", "sinister", "left", "right", "eye", "eyes",
    "both", "nasal",
    "temporal", "superior", "inferior", "upper", "lower", "central", "posterior", "anterior",
    "pole",
    "peripheral", "periphery", "wide", "field", "widefield", "ultra", "view", "color", "colour",
    "gray", "grey",
    "red", "free", "redfree", "green", "blue", "infrared", "ir", "cfp", "ffa", "fa", "icg", "icga",
    "faf", "oct",
    "octa", "sd", "ss", "bscan", "ultrasound", "angiogram", "angiography", "autofluorescence",
    "fundus",
    "retina", "retinal", "macula", "macular", "fovea", "disc", "disk", "optic", "nerve", "vitreous",
    "choroid",
    "choroidal", "choroidalis", "vein", "artery", "vessel", "lens", "cornea", "iris", "early",
    "late", "mid",
    "phase", "arterial", "venous", "recirculation", "baseline", "follow", "up", "followup", "visit",
    "month",
    "months", "week", "weeks", "year", "years", "day", "days", "treatment", "laser", "normal",
    "healthy",
    "mild", "moderate", "severe", "nonprol", "nonproliferative", "proliferative", "dr", "npdr",
    "pdr", "dme",
    "amd", "armd", "cnv", "pcv", "csc", "cscr", "crvo", "brvo", "crao", "brao", "rop", "rp", "erm",
    "pm", "vkh",
    "diabetic", "retinopathy", "glaucoma", "edema", "oedema", "degeneration", "detachment", "hole",
    "tear",
    "membrane", "epiretinal", "hemorrhage", "haemorrhage", "exudate", "exudates", "drusen",
    "atrophy", "myopia",
    "myopic", "pathologic", "occlusion", "uveitis", "cataract", "tumor", "tumour", "melanoma",
    "nevus",
    "dystrophy", "disease", "syndrome", "lesion", "scar", "hypertensive", "serous",
    "chorioretinopathy",
    "pigmentosa", "retinitis", "coats", "stargardt", "best", "resized", "preprocessed", "mask",
    "label", "train",
    "val", "synthetic", "expert", "public", "jpg", "jpeg", "png", "tif", "tiff",
  ]

  private static let datePattern: NSRegularExpression = {
    let day =
      "(?<!\\d)(?:19|20)\\d{2}[-_./]?(?:0[1-9]|1[0-2])[-_./]?(?:0[1-9]|[12]\\d|3[01])(?!\\d)"
    guard let pattern = try? NSRegularExpression(pattern: day) else {
      preconditionFailure("'\(day)' is no regular expression")
    }
    return pattern
  }()

  /// The parts of an image's name that may identify a patient: two words that may be a name, a Chinese name, a
  /// date, six digits in a row or more.
  ///
  /// Names by the published grammar (``FigureName``) hold nothing.
  public static func reasons(inFileName name: String) -> Set<Reason> {
    let name = String(name.prefix(255))
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    if FigureName(name) != nil || stem.lowercased().hasPrefix("figure") { return [] }
    var found: Set<Reason> = []
    var digits = 0
    for scalar in stem.unicodeScalars {
      digits = ("0"..."9").contains(scalar) ? digits + 1 : 0
      if digits >= 6 { found.insert(.number) }
    }
    if finds(datePattern, in: stem) { found.insert(.date) }
    if hasLatinName(stem) || hasChineseName(stem) { found.insert(.name) }
    return found
  }

  private static func hasLatinName(_ stem: String) -> Bool {
    // Words in their order: "WangXiaoming" is two, "IMG_0012" none that matters.
    var words: [String] = [""]
    var before: Character = " "
    for character in stem {
      if !character.isLetter || !character.isASCII {
        words.append("")
      } else {
        if character.isUppercase, before.isLowercase { words.append("") }
        words[words.count - 1].append(character)
      }
      before = character
    }
    var run = 0
    for word in words where !word.isEmpty {
      let isName =
        word.count >= 2 && word.count <= 20 && !ordinaryWords.contains(word.lowercased())
        && word.lowercased().contains(where: { "aeiouy".contains($0) })
      run = isName ? run + 1 : 0
      if run >= 2 { return true }
    }
    return false
  }

  private static func hasChineseName(_ stem: String) -> Bool {
    for piece in stem.split(whereSeparator: { !isIdeograph($0) })
    where (2...4).contains(piece.count) {
      if let first = piece.first, chineseSurnames.contains(first),
        !piece.contains(where: { "眼底膜网斑盘视图像片左右".contains($0) })
      {
        return true
      }
    }
    return false
  }
}
