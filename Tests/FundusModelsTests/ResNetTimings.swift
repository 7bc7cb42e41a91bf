import Foundation
import FundusModels
import FundusTensor
import Testing

/// Times of the picture tower alone, printed for whoever tunes it:
/// `KEEPFIT_RESNET_TIMES=infer512x8,train224x8 swift test -c release --filter ResNetTimings`.
@Suite struct ResNetTimings {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["KEEPFIT_RESNET_TIMES"] != nil))
  func printsMedianTimes() throws {
    let wanted = ProcessInfo.processInfo.environment["KEEPFIT_RESNET_TIMES"]!
    let net = ResNet(.resnet50, initialization: .random(RandomStream(seed: 1)))
    for name in wanted.split(separator: ",") {
      let sizes = name.drop { $0.isLetter }.split(separator: "x").map { Int($0) }
      let (side, batch) = (try #require(sizes[0]), try #require(sizes[1]))
      let values = (0..<batch * side * side * 3).map { (index: Int) -> Float in
        Float(index &* 7919 % 1009) / 1009
      }
      let pictures = Tensor(values, shape: [batch, side, side, 3])
      CachingAllocator.shared.resetPeak()
      func run() {
        if name.hasPrefix("infer") {
          _ = Autograd.withoutGradients { net(pictures, mode: .inference) }
        } else {
          let features = net(pictures, mode: .training(RandomStream(seed: 2)))
          features.backward(gradient: Tensor(repeating: 1, shape: features.shape))
          for (_, parameter) in net.parameters { parameter.zeroGradient() }
        }
      }
      run()
      let clock = ContinuousClock()
      var times: [Double] = []
      for _ in 0..<(name.hasPrefix("infer") ? 7 : 3) {
        times.append(clock.measure(run) / .milliseconds(1))
      }
      times.sort()
      let peak = CachingAllocator.shared.statistics.peakBytesInUse >> 20
      print("\(name): median \(times[times.count / 2]) ms, best \(times[0]) ms, peak \(peak) MiB")
    }
  }
}
