import Foundation
import FundusSynthesis
import KeepFIT

/// Makes a temporary folder the working directory and writes there what the tutorial uses: `model`, a
/// tiny model with random weights, and `synthetic`, a small dataset of synthetic fundus images.
func makePracticeFolder() throws {
  let files = FileManager.default
  let folder = files.temporaryDirectory.appending(path: "keepfit-tutorial")
  if files.fileExists(atPath: folder.path) { try files.removeItem(at: folder) }
  try files.createDirectory(at: folder, withIntermediateDirectories: true)
  guard files.changeCurrentDirectoryPath(folder.path) else {
    fatalError("cannot use \(folder.path)")
  }
  try KeepFITModel(preset: .tiny, seed: 1).save(to: URL(fileURLWithPath: "model"))
  var dataset = SyntheticDataset.Configuration()
  dataset.publicCount = 0
  dataset.expertCount = 0
  dataset.testPerClass = 4
  try SyntheticDataset.write(to: URL(fileURLWithPath: "synthetic"), configuration: dataset)
  print("Practice files are in \(folder.path)")
}
