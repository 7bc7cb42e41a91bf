import FundusTensor

extension Linear {
  /// Initialization as in BERT: weights normal with standard deviation 0.02; biases 0.
  convenience init(bertInputs inputs: Int, outputs: Int, initialization: Initialization) {
    self.init(
      weight: initialization.derived("weight").normal([outputs, inputs], deviation: 0.02),
      bias: initialization.derived("bias").constant([outputs], 0))
  }
}
