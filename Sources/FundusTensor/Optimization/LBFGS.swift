/// Minimization of a smooth function of a vector by limited-memory BFGS with a line search that
/// meets the strong Wolfe conditions (Nocedal and Wright, Numerical Optimization, 2006, algorithms
/// 7.5, 3.5 and 3.6), in double precision.
public struct LBFGS: Sendable {
  /// The number of stored corrections; 0 for steepest descent. SciPy's default is 10.
  public var memory = 10
  /// The maximum number of iterations.
  public var maximumIterations = 1000
  /// The gradient tolerance: the largest absolute element at convergence.
  public var gradientTolerance = 1e-5
  /// Done when a step lowers the function by no more than this fraction of `max(|f|, |f'|, 1)`; 0: the gradient decides.
  public var relativeTolerance = 0.0

  /// Uses only the gradient tolerance.
  public init(gradientTolerance: Double = 1e-5, maximumIterations: Int = 1000, memory: Int = 10) {
    self.gradientTolerance = gradientTolerance
    self.maximumIterations = maximumIterations
    self.memory = memory
  }

  /// Stops where SciPy's `L-BFGS-B` would with `gtol` and `ftol`.
  public static func likeSciPy(
    gradientTolerance: Double = 1e-5, relativeTolerance: Double = 2.220446049250313e-09,
    maximumIterations: Int = 15000
  ) -> LBFGS {
    var result = LBFGS(
      gradientTolerance: gradientTolerance, maximumIterations: maximumIterations)
    result.relativeTolerance = relativeTolerance
    return result
  }

  /// The result of a minimization.
  public struct Outcome: Sendable {
    /// The best point.
    public var point: [Double]
    /// The function there.
    public var value: Double
    /// The largest magnitude of the gradient there.
    public var gradientMaximum: Double
    /// The number of iterations.
    public var iterations: Int
    /// The number of function evaluations.
    public var evaluations: Int
    /// Whether a tolerance was met, as opposed to reaching the iteration limit or finding no better point.
    public var converged: Bool
  }

  /// Minimizes `function` from `start`.
  ///
  /// - `diagonal`: the inverse of a guess at the second derivatives, `[n]`, which the first
  ///   direction and the corrections start from; a multiple of the identity when nil.
  /// - `function`: the value and the gradient at a point, `[n]`.
  public func minimize(
    from start: [Double], diagonal: [Double]? = nil,
    _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) -> Outcome {
    precondition(memory >= 0, "a memory of \(memory) corrections")
    precondition(
      diagonal.map { $0.count == start.count } ?? true,
      "a diagonal of \(diagonal?.count ?? 0) numbers for \(start.count) variables")
    var point = start
    var (value, gradient) = function(point)
    precondition(
      gradient.count == start.count,
      "a gradient of \(gradient.count) numbers for \(start.count) variables")
    var evaluations = 1
    var history = History(memory: memory, diagonal: diagonal)
    var iterations = 0
    var converged = maximum(gradient) <= gradientTolerance
    while !converged && iterations < maximumIterations {
      var direction = history.direction(for: gradient)
      var slope = dot(direction, gradient)
      if !(slope < 0) {
        history.forget()
        direction = history.direction(for: gradient)
        slope = dot(direction, gradient)
        if !(slope < 0) { break }
      }
      let isFirst = history.isEmpty && diagonal == nil
      let firstStep = isFirst ? min(1, 1 / dot(gradient, gradient).squareRoot()) : 1
      var search = WolfeSearch(value: value, slope: slope)
      let found = search.run(firstStep: firstStep) { step in
        let candidate = adding(step, direction, to: point)
        let (value, gradient) = function(candidate)
        precondition(
          gradient.count == candidate.count,
          "a gradient of \(gradient.count) numbers for \(candidate.count) variables")
        evaluations += 1
        return WolfeSearch.Trial(
          step: step, value: value, slope: dot(gradient, direction), point: candidate,
          gradient: gradient)
      }
      guard let found else {
        if history.isEmpty { break }
        history.forget()
        continue
      }
      history.append(
        step: subtracting(found.point, point), change: subtracting(found.gradient, gradient))
      let decrease = value - found.value
      let scale = max(abs(value), abs(found.value), 1)
      (point, value, gradient) = (found.point, found.value, found.gradient)
      iterations += 1
      converged =
        maximum(gradient) <= gradientTolerance
        || (relativeTolerance > 0 && decrease <= relativeTolerance * scale)
    }
    return Outcome(
      point: point, value: value, gradientMaximum: maximum(gradient), iterations: iterations,
      evaluations: evaluations, converged: converged)
  }
}

/// The last steps and the resulting changes of the gradient.
private struct History {
  let memory: Int
  let diagonal: [Double]?
  var steps: [[Double]] = []
  var changes: [[Double]] = []
  var curvatures: [Double] = []

  init(memory: Int, diagonal: [Double]?) {
    self.memory = memory
    self.diagonal = diagonal
  }

  var isEmpty: Bool { steps.isEmpty }

  mutating func forget() {
    steps = []
    changes = []
    curvatures = []
  }

  mutating func append(step: [Double], change: [Double]) {
    guard memory > 0 else { return }
    let curvature = dot(step, change)
    // A step along which the function does not curve upwards would spoil the estimate.
    guard curvature > 2.2e-16 * dot(change, change) else { return }
    if steps.count == memory {
      steps.removeFirst()
      changes.removeFirst()
      curvatures.removeFirst()
    }
    steps.append(step)
    changes.append(change)
    curvatures.append(curvature)
  }

  /// The two-loop recursion: minus the estimated inverse Hessian times the gradient.
  func direction(for gradient: [Double]) -> [Double] {
    var result = gradient
    var shares = [Double](repeating: 0, count: steps.count)
    for index in steps.indices.reversed() {
      shares[index] = dot(steps[index], result) / curvatures[index]
      add(-shares[index], changes[index], to: &result)
    }
    if let diagonal {
      var scale = 1.0
      if let change = changes.last, let curvature = curvatures.last {
        // How far the guess was off along the last step.
        var weighted = 0.0
        for index in change.indices { weighted += change[index] * change[index] * diagonal[index] }
        scale = curvature / weighted
      }
      for index in result.indices { result[index] *= diagonal[index] * scale }
    } else if let change = changes.last, let curvature = curvatures.last {
      let scale = curvature / dot(change, change)
      for index in result.indices { result[index] *= scale }
    }
    for index in steps.indices {
      let share = dot(changes[index], result) / curvatures[index]
      add(shares[index] - share, steps[index], to: &result)
    }
    for index in result.indices { result[index] = -result[index] }
    return result
  }
}

/// A step along a direction that lowers the function enough and flattens its slope.
private struct WolfeSearch {
  struct Trial {
    var step: Double
    var value: Double
    var slope: Double
    var point: [Double]
    var gradient: [Double]
  }

  let value: Double
  let slope: Double
  let decrease = 1e-4
  let flatness = 0.9
  let limit = 30

  /// Rounding allowed in the function's value, without which the last digits cannot be reached.
  private var slack: Double { 4e-16 * abs(value) }

  private func isLowEnough(_ trial: Trial) -> Bool {
    trial.value <= value + decrease * trial.step * slope + slack
  }

  private func isFlatEnough(_ trial: Trial) -> Bool { abs(trial.slope) <= -flatness * slope }

  mutating func run(firstStep: Double, _ evaluate: (Double) -> Trial) -> Trial? {
    var previous = Trial(step: 0, value: value, slope: slope, point: [], gradient: [])
    var step = firstStep
    for attempt in 0..<limit {
      let trial = evaluate(step)
      guard trial.value.isFinite else {
        step = (previous.step + step) / 2
        continue
      }
      if !isLowEnough(trial) || (attempt > 0 && trial.value >= previous.value + slack) {
        return zoom(low: previous, high: trial, evaluate)
      }
      if isFlatEnough(trial) { return trial }
      if trial.slope >= 0 { return zoom(low: trial, high: previous, evaluate) }
      previous = trial
      step *= 2
    }
    return previous.step > 0 ? previous : nil
  }

  private func zoom(low: Trial, high: Trial, _ evaluate: (Double) -> Trial) -> Trial? {
    var (low, high) = (low, high)
    for _ in 0..<limit {
      let trial = evaluate(interpolated(low, high))
      if !isLowEnough(trial) || trial.value >= low.value + slack {
        high = trial
      } else {
        if isFlatEnough(trial) { return trial }
        if trial.slope * (high.step - low.step) >= 0 { high = low }
        low = trial
      }
      if abs(high.step - low.step) <= 1e-14 * max(high.step, low.step) { break }
    }
    return low.step > 0 ? low : nil
  }

  /// The minimum of the cubic through both ends, kept away from them.
  private func interpolated(_ a: Trial, _ b: Trial) -> Double {
    let width = b.step - a.step
    let middle = a.step + width / 2
    let first = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let radicand = first * first - a.slope * b.slope
    guard radicand >= 0 else { return middle }
    let second = radicand.squareRoot() * (width < 0 ? -1 : 1)
    let step = b.step - width * (b.slope + second - first) / (b.slope - a.slope + 2 * second)
    let (near, far) = (a.step + 0.1 * width, a.step + 0.9 * width)
    guard step.isFinite else { return middle }
    return min(max(step, min(near, far)), max(near, far))
  }
}

// MARK: - Vectors

/// Eight running sums, which the compiler turns into vectors.
private func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  var sums = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= a.count {
    var x = SIMD8<Double>.zero
    var y = SIMD8<Double>.zero
    for lane in 0..<8 {
      x[lane] = a[index + lane]
      y[lane] = b[index + lane]
    }
    sums += x * y
    index += 8
  }
  var result = sums.sum()
  while index < a.count {
    result += a[index] * b[index]
    index += 1
  }
  return result
}

private func add(_ scale: Double, _ a: [Double], to b: inout [Double]) {
  precondition(a.count == b.count)
  for index in b.indices { b[index] += scale * a[index] }
}

private func adding(_ scale: Double, _ a: [Double], to b: [Double]) -> [Double] {
  var result = b
  add(scale, a, to: &result)
  return result
}

private func subtracting(_ a: [Double], _ b: [Double]) -> [Double] {
  var result = a
  add(-1, b, to: &result)
  return result
}

private func maximum(_ a: [Double]) -> Double {
  a.reduce(0) { $1.isNaN ? .infinity : max($0, abs($1)) }
}
