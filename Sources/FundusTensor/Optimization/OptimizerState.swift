/// A saved optimizer state that does not match the optimizer.
public struct OptimizerStateError: Error, CustomStringConvertible {
  /// A description of the mismatch.
  public let description: String

  /// An error with its explanation.
  public init(description: String) { self.description = description }
}

/// A saved state while an optimizer reads it: mismatches are collected, so that one message reports all of
/// them.
struct OptimizerStateReader {
  private var unread: [String: Tensor]
  private var missing: [String] = []
  private var faults: [String] = []

  init(_ state: [String: Tensor]) { unread = state }

  /// A copy of the tensor of that name; nil, with the mismatch recorded, when it is missing, has
  /// another shape or is not finite.
  mutating func tensor(_ name: String, shape: [Int]) -> Tensor? {
    guard let found = unread.removeValue(forKey: name) else {
      missing.append(name)
      return nil
    }
    if found.shape != shape {
      faults.append("\(name) has the shape \(found.shape), expected \(shape)")
    } else if let position = found.firstNonFinite {
      faults.append("element \(position) of \(name) is not finite")
    } else {
      return found.copy()
    }
    return nil
  }

  /// A number of steps.
  mutating func steps(_ name: String) -> Int? {
    guard let found = tensor(name, shape: []) else { return nil }
    guard let count = Int(exactly: found.item), count >= 0 else {
      faults.append("\(name) is \(found.item), which is not a number of steps")
      return nil
    }
    return count
  }

  /// - Throws: ``OptimizerStateError`` when something did not fit or is left over.
  func finish() throws {
    func named(_ text: String, _ names: [String]) -> String? {
      guard !names.isEmpty else { return nil }
      let more = names.count > 3 ? " and \(names.count - 3) more" : ""
      return text + names.sorted().prefix(3).map { $0.quotable() }.joined(separator: ", ") + more
    }
    let parts = [
      named("missing: ", missing), named("unexpected: ", Array(unread.keys)), named("", faults),
    ].compactMap { $0 }
    guard parts.isEmpty else {
      throw OptimizerStateError(
        description: "the optimizer state does not match: " + parts.joined(separator: "; "))
    }
  }
}
