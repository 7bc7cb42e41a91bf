import Foundation

/// An error in the data or the options of a transfer experiment.
///
/// All are found before features are extracted. The one-line text names the problem, what was expected and
/// what was found.
public enum TransferError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// Something is invalid or missing, as the text describes.
  case invalid(String)
  /// A label is not among the targets of the experiment; the suggestion is a similar target.
  case unknownLabel(
    label: String, row: Int, manifest: String, targets: [String], suggestion: String? = nil)
  /// A class has no image in a split that needs it.
  case emptyClass(label: String, part: String, reason: String)
  /// A class has one image, which cannot be used for both training and test.
  case singleSampleClass(label: String)
  /// Images listed in the manifest are missing.
  case missingImages(first: String, count: Int, of: Int, manifest: String)
  /// An adapter was fitted on the features of another model.
  case wrongModel(adapter: String, expected: String, found: String)

  /// A one-line description.
  public var description: String {
    switch self {
    case .invalid(let text): return text
    case .unknownLabel(let label, let row, let manifest, let targets, let suggestion):
      let known = targets.map { "'\($0)'" }.joined(separator: ", ")
      let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
      return
        "\(manifest), row \(row): the label '\(label)' is not among the targets (\(known))\(hint)"
    case .emptyClass(let label, let part, let reason):
      return "class '\(label)' has no \(part.isEmpty ? "" : part + " ")image: \(reason)"
    case .singleSampleClass(let label):
      return "class '\(label)' has a single image, which cannot be used for both training and "
        + "test: add images, remove the class from the targets, or use zero-shot"
    case .missingImages(let first, let count, let total, let manifest):
      let rest = count > 1 ? " and \(count - 1) more of \(total)" : ""
      return "\(manifest) lists images that do not exist: \(first)\(rest) (check the image root)"
    case .wrongModel(let adapter, let expected, let found):
      return "\(adapter) was fitted on the model \(expected), but this model is \(found)"
    }
  }

  /// The same line, for `localizedDescription`.
  public var errorDescription: String? { description }
}
