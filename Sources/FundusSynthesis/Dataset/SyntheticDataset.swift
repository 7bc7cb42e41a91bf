import Foundation

/// A dataset of synthetic fundus images with everything that pretraining and transfer need: labeled public
/// sets, an expert set with captions, test images of seen and of unseen classes, masks, manifests
/// and experiments.
///
/// It has the shape of the published one: many labeled images with poor and sometimes wrong labels,
/// few images with rich captions by experts, and classes that occur in no label of the public sets but are
/// described by the experts.
///
/// Below the directory:
/// - `S1_GRADES/`, `S2_SCREENING/`, `S3_LESIONS/`: the public sets; `S4_EXPERT/`; `S5_SEEN/` and
///   `S6_UNSEEN/`: the test images;
/// - `masks/`: for each test and expert image a PNG for each finding, white where it is seen;
/// - `manifests/`: `public.csv` and one file for each public set, `expert.csv` (with `caption_zh`),
///   `expert_ffa.csv` and `expert_oct.csv` when asked for, `seen.csv`, `unseen.csv`, and the
///   experiments `seen.json`, `unseen.json`, `unseen_with_normal.json`; `masks.csv`;
/// - `S9_REPORTS_FFA/` and `manifests/ffa_ir.json`, when asked for: angiograms with reports in the form of
///   FFA-IR;
/// - `dataset.json`: the configuration and what was written.
public enum SyntheticDataset {
  /// The content of a dataset.
  public struct Configuration: Sendable, Codable, Equatable {
    /// Pixels along each side of the images.
    public var size = 128
    /// The random seed: the same seed renders the same images.
    public var seed: UInt64 = 42
    /// Images of the three public sets together.
    public var publicCount = 720
    /// Color photographs with captions.
    public var expertCount = 360
    /// Angiograms with captions.
    public var angiogramCount = 0
    /// B-scans with captions.
    public var tomogramCount = 0
    /// Angiography studies with reports, split into training, validation and test.
    public var reportCount = 0
    /// Images of each of them, at different phases: 1 to 4.
    public var imagesPerReport = 1
    /// Test images of each class.
    public var testPerClass = 20
    /// The fraction of public labels that are wrong, as if graders disagreed.
    public var labelNoise: Float = 0.06
    /// The fraction of captions that name the diagnosis; the others describe only the findings.
    public var namedCaptions: Float = 0.8
    /// The classes that no public label names.
    public var unseen: [FundusDisease] = [
      .pathologicMyopia, .cataract, .macularHole, .retinitisPigmentosa, .centralSerousRetinopathy,
      .epiretinalMembrane, .opticDiscEdema, .centralRetinalArteryOcclusion,
    ]
    /// The form of the images' files.
    public var format = ImageFormat.jpeg
    /// Whether masks are written for the expert and test images.
    public var writesMasks = true

    /// The default of `make demo`.
    public init() {}

    /// A description of the first invalid setting, if any.
    var problem: String? {
      let counts = [
        publicCount, expertCount, angiogramCount, tomogramCount, reportCount, testPerClass,
      ]
      if size < 32 || size > 4096 { return "images of 32 to 4096 pixels, not \(size)" }
      if counts.contains(where: { $0 < 0 || $0 > 1_000_000 }) {
        return "counts of 0 to 1,000,000 images, not \(counts)"
      }
      if counts.allSatisfy({ $0 == 0 }) { return "at least one image, not none" }
      if !(1...AngiogramPhase.allCases.count).contains(imagesPerReport) {
        return "1 to \(AngiogramPhase.allCases.count) images a report, not \(imagesPerReport)"
      }
      if !(0...0.5).contains(labelNoise) {
        return "a part of wrong labels of 0 to 0.5, not \(labelNoise)"
      }
      if !(0...1).contains(namedCaptions) {
        return "a part of captions with a diagnosis of 0 to 1, not \(namedCaptions)"
      }
      if unseen.contains(.normal) { return "unseen classes without the normal one" }
      if Set(unseen).count != unseen.count { return "unseen classes that differ" }
      return nil
    }
  }

  /// The image file format.
  public enum ImageFormat: String, Sendable, Codable, CaseIterable {
    /// JPEG of quality 92 with full chroma.
    case jpeg = "jpg"
    /// PNG.
    case png
  }

  /// A summary of the written files.
  public struct Summary: Sendable, Codable, Equatable {
    /// Images in each folder.
    public var images: [String: Int]
    /// Mask files.
    public var masks: Int
    /// The time in seconds.
    public var seconds: Double
  }

  /// Renders and writes a dataset, completely or not at all.
  ///
  /// - Parameters:
  ///   - directory: the output directory; must not exist unless `force` is given.
  ///   - configuration: the content of the dataset.
  ///   - force: replaces an older synthetic dataset (and nothing else) or an empty directory.
  ///   - progress: called with the numbers of images done and of all, from any thread, one call at
  ///     a time.
  /// - Throws: `SyntheticDatasetError`.
  @discardableResult
  public static func write(
    to directory: URL, configuration: Configuration = Configuration(), force: Bool = false,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(SyntheticDatasetError) -> Summary {
    if let problem = configuration.problem { throw .invalid(problem) }
    let start = ContinuousClock.now
    let files = FileManager.default
    try checkTarget(directory, force: force)
    let partial = directory.deletingLastPathComponent()
      .appending(
        path: ".\(directory.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)"
      )
    defer { try? files.removeItem(at: partial) }
    let plan = DatasetPlan(configuration)
    let writer = DatasetWriter(root: partial, configuration: configuration)
    let masks = try writer.write(plan, progress: progress)
    var images: [String: Int] = [:]
    for image in plan.images { images[image.folder, default: 0] += 1 }
    let elapsed = (ContinuousClock.now - start).components
    let summary = Summary(
      images: images, masks: masks,
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    try writer.writeDescription(configuration: configuration, summary: summary)
    // Another process may have written there meanwhile.
    try checkTarget(directory, force: force)
    do {
      if files.fileExists(atPath: directory.path) { try files.removeItem(at: directory) }
      try files.moveItem(at: partial, to: directory)
    } catch {
      throw .failed(directory.path, error.localizedDescription)
    }
    return summary
  }

  /// Only what this type has written, or an empty directory, may be replaced.
  private static func checkTarget(_ directory: URL, force: Bool) throws(SyntheticDatasetError) {
    let files = FileManager.default
    guard files.fileExists(atPath: directory.path) else { return }
    guard force else { throw .exists(directory.path) }
    let contents = (try? files.contentsOfDirectory(atPath: directory.path)) ?? ["?"]
    guard contents.isEmpty || contents.contains(descriptionName) else {
      throw .notADataset(directory.path)
    }
  }

  /// The file that describes a dataset.
  static let descriptionName = "dataset.json"
}

/// An error of writing a dataset.
public enum SyntheticDatasetError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// The directory exists and may not be replaced.
  case exists(String)
  /// The directory holds something else.
  case notADataset(String)
  /// The configuration is invalid.
  case invalid(String)
  /// A file could not be written.
  case failed(String, String)

  /// A one-line description: the directory or option, and the remedy.
  public var description: String {
    switch self {
    case .exists(let path): "\(path) already exists: choose another directory or pass --force"
    case .notADataset(let path):
      "\(path) contains no synthetic dataset and will not be replaced: choose another directory"
    case .invalid(let expected): "the synthetic dataset needs \(expected)"
    case .failed(let path, let reason): "\(path): cannot write the synthetic dataset: \(reason)"
    }
  }

  /// The same as `description`.
  public var errorDescription: String? { description }
}
