extension Autograd {
  /// Runs `body` without keeping its intermediate results, and runs it again when its gradient is
  /// needed: less memory for about a third more time (Chen et al., arXiv 1604.06174).
  ///
  /// `body` must be a pure function of `input` and of parameters: random numbers come from streams,
  /// which give the same numbers twice. Updates of running statistics must be guarded with the argument that
  /// distinguishes the two runs.
  ///
  /// - `body`: receives the input and whether this is the repetition.
  public static func recomputing(
    _ input: Tensor, parameters: [Parameter],
    _ body: @escaping (Tensor, _ isRepeated: Bool) -> Tensor
  ) -> Tensor {
    let isNeeded =
      isRecording && (input.requiresGradient || parameters.contains(where: \.isTrainable))
    guard isNeeded else { return body(input, false) }
    let output = withoutGradients { body(input.detached, false) }
    // Forces the tape to include this node even if only parameters require gradients.
    var anchor = input
    let wantsInput = input.requiresGradient
    if !wantsInput { anchor.node = GradientNode(leaf: nil) }
    let start = input.detached
    return output.recording(anchor) { gradient in
      withGradients {
        let leaf = Parameter(start)
        let result = body(wantsInput ? leaf.tensor : start, true)
        result.backward(gradient: gradient)
        return [leaf.gradient]
      }
    }
  }
}
