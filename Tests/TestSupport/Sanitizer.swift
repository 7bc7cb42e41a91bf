import Foundation

/// Whether the address sanitizer or the thread sanitizer watches this process. Both replace the memory
/// allocation, so that what a process can have and give back is not to be tested there.
package enum Sanitizer {
  package static let isActive = has("__asan_init") || has("__tsan_init")

  private static func has(_ symbol: String) -> Bool { dlsym(dlopen(nil, RTLD_NOW), symbol) != nil }
}
