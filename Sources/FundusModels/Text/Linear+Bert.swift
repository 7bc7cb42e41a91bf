import FundusTensor

extension Linear {
  /// Values as BERT begins with them: normal around 0 with deviation 0.02; biases 0.
  convenience init(bertInputs inputs: Int, outputs: Int, initialization: Initialization) {
    self.init(
      weight: initialization.derived("weight").normal([outputs, inputs], deviation: 0.02),
      bias: initialization.derived("bias").constant([outputs], 0))
  }
}
