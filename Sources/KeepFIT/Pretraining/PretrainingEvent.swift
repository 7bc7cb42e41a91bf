import Foundation

/// What happens in a run, for progress displays.
public enum PretrainingEvent: Sendable {
  /// Training starts at a step of so many.
  case started(step: Int, of: Int)
  /// A step has been made.
  case step(StepMetrics, of: Int)
  /// The validation pairs or probes have been looked at: named values.
  case validated(step: Int, [(name: String, value: Float)])
  /// A checkpoint is in place.
  case saved(step: Int, URL)
  /// Something that the user did not ask for, in a sentence.
  case warned(String)
}

/// How a run ended.
public enum PretrainingOutcome: Sendable, Equatable {
  /// All steps were made.
  case finished(step: Int)
  /// Validation had not improved for long enough.
  case stoppedEarly(step: Int)
  /// Somebody asked for the end; the steps so far are saved and the run can be resumed.
  case interrupted(step: Int)
}

/// Something to measure at the end of an epoch.
public protocol PretrainingValidation: AnyObject {
  /// Named values, the one to be maximized first.
  func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)]
}
