import Foundation
import FundusSynthesis
import FundusTensor
import MMRetinalData
import ModalityMix

// Trains the modality classifier and writes its weights:
//
//     swift run -c release keepfit-modality Sources/MMRetinalData/Resources/modality.json
//
// With a number, trains on that many images instead of 14,000. Accuracy on images of another seed is printed,
// with that of the published method (k-means on color histograms) beside it.

let arguments = CommandLine.arguments.dropFirst()
guard let file = arguments.first, let count = Int(arguments.dropFirst().first ?? "14000"), count > 8
else {
  print("usage: keepfit-modality FILE.json [IMAGES]")
  exit(2)
}
print("measuring \(count) images")
let training = ModalityMix(seed: 1).measured(count)
let network = ModalityNetwork(
  training: training.map { ($0.features, $0.modality) }, hiddenUnits: 32, epochs: 40, seed: 7)
let report = ModalityReport(network: network, samples: ModalityMix(seed: 2).measured(4000))
print(report.text)
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
try encoder.encode(network).write(to: URL(filePath: file))
print("wrote \(file)")
