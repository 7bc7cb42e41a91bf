import Foundation

/// An event of a run, for progress displays.
public enum PretrainingEvent: Sendable {
  /// Training starts at a step, of a total number of steps.
  case started(step: Int, of: Int)
  /// A step has been completed.
  case step(StepMetrics, of: Int)
  /// Validation has been completed, with named values.
  case validated(step: Int, [(name: String, value: Float)])
  /// A checkpoint has been saved.
  case saved(step: Int, URL)
  /// A warning, in one sentence.
  case warned(String)
}

/// The outcome of a run.
public enum PretrainingOutcome: Sendable, Equatable {
  /// All steps were completed.
  case finished(step: Int)
  /// Early stopping: validation did not improve for long enough.
  case stoppedEarly(step: Int)
  /// The run was interrupted; the completed steps are saved and the run can be resumed.
  case interrupted(step: Int)
}

/// A validation at the end of each epoch.
public protocol PretrainingValidation: AnyObject {
  /// Named values, starting with the one to maximize.
  func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)]
}
