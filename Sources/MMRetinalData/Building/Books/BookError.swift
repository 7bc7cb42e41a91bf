import Foundation

/// A book that cannot be made into a dataset, with the reason and what to do about it.
public struct BookError: Error, Sendable, Hashable, LocalizedError, CustomStringConvertible {
  /// Whether the input is invalid, or the work failed.
  public enum Kind: Sendable, Hashable {
    /// The book, or an option, cannot be used.
    case wrongInput
    /// Something that the work needs is missing or failed.
    case failure
  }

  /// The kind of error.
  public let kind: Kind
  /// The path of the book as it was given.
  public let book: String
  /// The reason.
  public let reason: String

  package init(_ kind: Kind = .wrongInput, book: String, _ reason: String) {
    self.kind = kind
    self.book = book
    self.reason = reason
  }

  /// `BOOK: reason`
  public var description: String { "\(book): \(reason)" }

  /// The same text as ``description``.
  public var errorDescription: String? { description }

  package init(_ failure: LimitedProcess.Failure, book: String) {
    switch failure {
    case .missing(let program, let package):
      self.init(
        .failure, book: book,
        "the program \(program) is not installed; install it with 'apt-get install \(package)'")
    case .exhausted(let program):
      self.init(
        .failure, book: book,
        "\(program) was stopped at its limit of time or memory; the file may be damaged")
    case .failed(let program, let message):
      let text = message.lowercased()
      if text.contains("password") {
        self.init(book: book, "the file is encrypted; save a copy without a password")
      } else {
        self.init(book: book, "\(program): \(message.abbreviated(to: 200))")
      }
    }
  }
}
