import Foundation

/// Whether the address sanitizer or the thread sanitizer watches this process. Both replace the memory
/// allocation, so that what a process can have and give back is not to be tested there.
package enum Sanitizer {
  package static let isActive = ["__asan_init", "__tsan_init"].contains {
    dlsym(dlopen(nil, RTLD_NOW), $0) != nil
  }
}
