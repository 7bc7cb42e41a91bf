import Foundation

extension DatasetWriter {
  /// Writes the studies with reports in the form of FFA-IR: splits of cases with `Image_path` and
  /// `En_Report`.
  func writeReports(
    _ plan: DatasetPlan, rows: [ManifestRow], in directory: URL
  ) throws(SyntheticDatasetError) {
    typealias Member = JSONValue.Member
    var splits: [String: [Member]] = [:]
    var current: (study: DatasetPlan.Study, paths: [JSONValue], report: String)?
    func close() {
      guard let done = current else { return }
      splits[done.study.split, default: []].append(
        Member(
          done.study.id,
          .object([
            Member("Image_path", .array(done.paths)), Member("En_Report", .string(done.report)),
          ])))
    }
    // The images of a study stand together.
    for (image, row) in zip(plan.images, rows) {
      guard case .reported(let study) = image.role, case .captions(let texts) = row.content else {
        continue
      }
      if current?.study != study {
        close()
        current = (study, [], texts[.english] ?? "")
      }
      current?.paths.append(.string(row.image))
    }
    close()
    guard !splits.isEmpty else { return }
    let file = JSONValue.object(
      ["train", "val", "test"].map { Member($0, .object(splits[$0] ?? [])) })
    try writeText(
      file.serialized(pretty: true) + "\n", to: directory.appending(path: "ffa_ir.json"))
  }
}
