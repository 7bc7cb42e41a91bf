import FundusModels
import Testing

@Test func addsElementwise() {
  let sum = Tensor([1, 2], shape: [2]) + Tensor([3, 4], shape: [2])
  #expect(sum.scalars == [4, 6])
}
