import Foundation
import KeepFIT
import Testing

/// Terms and gradients of every objective beside PyTorch's in double precision
/// (`Scripts/goldens/objectives.py`).
@Suite struct ObjectiveTests {
  let goldens: SafetensorsFile

  init() throws {
    goldens = try SafetensorsFile(
      contentsOf: Bundle.module.url(
        forResource: "objectives", withExtension: "safetensors", subdirectory: "Goldens")!)
  }

  func attention(_ name: String, heads: Int, axis: KnowledgeAttention.Axis) throws
    -> KnowledgeAttention
  {
    let attention = KnowledgeAttention(
      dimensions: 16, heads: heads, axis: axis, initialization: .placeholder)
    for entry in attention.stateEntries() {
      entry.load(try goldens.tensor(named: "input.\(name).\(entry.name)"))
    }
    return attention
  }

  @Test(arguments: ObjectiveName.allCases, KnowledgeAttention.Axis.allCases)
  func matchesPyTorch(name: ObjectiveName, axis: KnowledgeAttention.Axis) throws {
    func input(_ name: String) throws -> Parameter {
      Parameter(try goldens.tensor(named: "input.\(name)"))
    }
    let inputs = [
      "v": try input("v"), "t": try input("t"), "v_expert": try input("v_expert"),
      "t_expert": try input("t_expert"), "logit_scale": try input("logit_scale"),
    ]
    let modules = [
      "attention": try attention("attention", heads: 2, axis: axis),
      "atte_TD2KD": try attention("atte_TD2KD", heads: 1, axis: axis),
      "atte_KD2TD": try attention("atte_KD2TD", heads: 1, axis: axis),
    ]
    let objective = name.objective()
    let batch = EncodedBatch(
      labeled: EncodedStream(
        images: inputs["v"]!.tensor, texts: inputs["t"]!.tensor,
        targets: ContrastiveLoss.categoryTargets([
          "glaucoma", "normal", "glaucoma", "cataract", "normal",
        ])),
      expert: EncodedStream(
        images: inputs["v_expert"]!.tensor, texts: inputs["t_expert"]!.tensor,
        targets: ContrastiveLoss.pairTargets(6)))
    let heads = ObjectiveHeads(
      logitScale: inputs["logit_scale"]!, attention: modules["attention"],
      expertIntoLabeled: modules["atte_TD2KD"], labeledIntoExpert: modules["atte_KD2TD"])
    let terms = objective.terms(batch, heads: heads, mode: .inference)
    let prefix = "\(axis.rawValue).\(name.rawValue)."
    for term in terms {
      let expected = try goldens.tensor(named: prefix + "term." + term.name).item
      #expect(abs(term.value.item - expected) <= 2e-6 * max(1, abs(expected)))
    }
    let loss = terms.loss
    let expected = try goldens.tensor(named: prefix + "loss").item
    #expect(abs(loss.item - expected) <= 2e-6 * max(1, abs(expected)))

    loss.backward()
    var parameters = inputs
    for (module, attention) in modules {
      for (name, parameter) in attention.parameters { parameters["\(module).\(name)"] = parameter }
    }
    for (name, parameter) in parameters {
      guard goldens.shape(of: prefix + "gradient." + name) != nil else {
        #expect(parameter.gradient == nil, "\(name) should have no gradient")
        continue
      }
      let expected = try goldens.tensor(named: prefix + "gradient." + name)
      let found = try #require(parameter.gradient, "\(name) has no gradient")
      let scale = max(1, expected.scalars.map(abs).max()!)
      for (a, b) in zip(found.scalars, expected.scalars) where !(abs(a - b) <= 1e-5 * scale) {
        Issue.record("\(prefix)\(name): \(a), PyTorch \(b)")
        break
      }
    }
  }

  @Test func theLogitScaleIsClampedButItsGradientIsNot() {
    let stream = EncodedStream(
      images: Tensor([1, 0, 0, 1], shape: [2, 2]), texts: Tensor([1, 0, 0.6, 0.8], shape: [2, 2]),
      targets: ContrastiveLoss.pairTargets(2))
    let high = Parameter(Tensor(9))
    let limit = Parameter(Tensor(4.6052))
    let losses = [high, limit].map { ContrastiveLoss.imageText(stream, logitScale: $0) }
    for loss in losses { loss.backward() }
    #expect(losses[0].item == losses[1].item)
    #expect(high.gradient!.item == limit.gradient!.item)
    #expect(high.value.item == 9)
  }

  @Test func dropoutDrawsTheSameTwice() {
    let attention = KnowledgeAttention(
      dimensions: 8, initialization: .random(RandomStream(seed: 1)))
    let x = Initialization.random(RandomStream(seed: 2)).uniform([5, 8], bound: 1)
    let mode = ExecutionMode.training(RandomStream(seed: 3))
    let first = attention(queries: x, keys: x, values: x, mode: mode)
    #expect(first.scalars == attention(queries: x, keys: x, values: x, mode: mode).scalars)
    #expect(
      first.scalars != attention(queries: x, keys: x, values: x, mode: .inference).scalars)
  }
}
