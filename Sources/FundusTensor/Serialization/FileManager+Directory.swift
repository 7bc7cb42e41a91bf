import Foundation

extension FileManager {
  /// Whether a path is a directory or a link to one; nil if there is nothing.
  package func isDirectory(_ path: String) -> Bool? {
    var isDirectory: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isDirectory) ? isDirectory.boolValue : nil
  }
}
