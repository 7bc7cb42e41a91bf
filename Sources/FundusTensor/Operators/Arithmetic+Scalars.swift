// Numbers on either side of an operator, and in-place spellings.

extension Tensor {
  /// The sum of a number and each element.
  public static func + (number: Float, x: Tensor) -> Tensor { x.scaled(by: 1, plus: number) }
  /// A number less each element.
  public static func - (number: Float, x: Tensor) -> Tensor { x.scaled(by: -1, plus: number) }
  /// A number divided by each element.
  public static func / (number: Float, x: Tensor) -> Tensor { Tensor(number) / x }

  /// Replaces a tensor by its sum with another, which must fit its shape by broadcasting.
  public static func += (x: inout Tensor, other: Tensor) { x = fitting(x, x + other) }
  /// Replaces a tensor by its difference from another, which must fit its shape by broadcasting.
  public static func -= (x: inout Tensor, other: Tensor) { x = fitting(x, x - other) }
  /// Replaces a tensor by its product with another, which must fit its shape by broadcasting.
  public static func *= (x: inout Tensor, other: Tensor) { x = fitting(x, x * other) }
  /// Replaces a tensor by its quotient by another, which must fit its shape by broadcasting.
  public static func /= (x: inout Tensor, other: Tensor) { x = fitting(x, x / other) }
  /// Adds a number to each element.
  public static func += (x: inout Tensor, number: Float) { x = x + number }
  /// Subtracts a number from each element.
  public static func -= (x: inout Tensor, number: Float) { x = x - number }
  /// Multiplies each element by a number.
  public static func *= (x: inout Tensor, number: Float) { x = x * number }
  /// Divides each element by a number.
  public static func /= (x: inout Tensor, number: Float) { x = x / number }

  private static func fitting(_ old: Tensor, _ new: Tensor) -> Tensor {
    precondition(
      old.shape == new.shape, "an assignment would change the shape \(old.shape) to \(new.shape)")
    return new
  }
}
