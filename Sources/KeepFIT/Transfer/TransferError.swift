import Foundation

/// What can be wrong with the data or the options of a transfer experiment.
///
/// Every case is found before features are extracted. The text names the thing, what was expected
/// and what was found, on one line.
public enum TransferError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// Something that the experiment needs is wrong or absent: the text says what.
  case invalid(String)
  /// A row's category is none of the experiment's targets; the suggestion is the target that it may
  /// have been meant to be.
  case unknownLabel(
    label: String, row: Int, manifest: String, targets: [String], suggestion: String? = nil)
  /// A class has no image in a part that needs it.
  case emptyClass(label: String, part: String, reason: String)
  /// A class has one image, which cannot be both trained on and tested.
  case singleSampleClass(label: String)
  /// Images that the manifest names are not there.
  case missingImages(first: String, count: Int, of: Int, manifest: String)
  /// An adapter was fitted on the features of another model.
  case wrongModel(adapter: String, expected: String, found: String)

  /// One line for people.
  public var description: String {
    switch self {
    case .invalid(let text): return text
    case .unknownLabel(let label, let row, let manifest, let targets, let suggestion):
      let known = targets.map { "'\($0)'" }.joined(separator: ", ")
      let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
      return
        "\(manifest), row \(row): the label '\(label)' is not among the targets (\(known))\(hint)"
    case .emptyClass(let label, let part, let reason):
      return "the class '\(label)' has no image to \(part): \(reason)"
    case .singleSampleClass(let label):
      return "the class '\(label)' has a single image, which cannot be both trained on and "
        + "tested: add images, leave the class out of the targets, or test without training"
    case .missingImages(let first, let count, let total, let manifest):
      let rest = count > 1 ? " and \(count - 1) more of \(total)" : ""
      return "\(manifest) names images that do not exist: \(first)\(rest) (check the images root)"
    case .wrongModel(let adapter, let expected, let found):
      return "\(adapter) was fitted for the model \(expected), but the model in use is \(found)"
    }
  }

  /// The same line, for `localizedDescription`.
  public var errorDescription: String? { description }
}
