import Foundation
import FundusSynthesis
import KeepFIT

let folder = FileManager.default.temporaryDirectory.appending(path: "keepfit-own-objective")
try? FileManager.default.removeItem(at: folder)
var dataset = SyntheticDataset.Configuration()
(dataset.size, dataset.publicCount, dataset.expertCount, dataset.testPerClass) = (64, 24, 0, 1)
let data = folder.appending(path: "synthetic")
try SyntheticDataset.write(to: data, configuration: dataset)

var settings = PretrainingConfiguration()
(settings.batchSize, settings.imageSize, settings.maxSteps) = (8, 64, 6)
(settings.learningRate, settings.warmupEpochs) = (1e-3, 0)
var inputs = PretrainingInputs()
inputs.labeled = [
  .init(manifest: data.appending(path: "manifests/public.csv").path, root: data.path)
]
let objective = SigmoidObjective()
let directory = RunDirectory(folder.appending(path: "run"))
try directory.create(force: false)
let run = try PretrainingRun(
  model: KeepFITModel(preset: .tiny, seed: 1), configuration: settings, objective: objective,
  source: inputs.makeSource(settings, objective: objective), directory: directory)
run.onEvent = { if case .step(let metrics, _) = $0 { print(metrics.step, metrics.loss) } }
print(try run.run(), "bias", objective.bias.value.item)
