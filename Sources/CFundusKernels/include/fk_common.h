#ifndef FK_COMMON_H
#define FK_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FK_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define FK_NONNULL_END _Pragma("clang assume_nonnull end")

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FK_THREAD_SANITIZER 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define FK_THREAD_SANITIZER 1
#endif

// One source, several instruction sets, chosen when the program starts. Where the platform has no
// such dispatch (macOS, non-x86), the compiler's base level serves; on Apple silicon that is NEON.
// Under the thread sanitizer it serves as well: the choosing runs before the sanitizer is ready.
// A build with -Xcc -DFK_CLONES= has one instruction set alone, that of -Xcc -march, to test it.
#if defined(FK_CLONES)
#elif defined(__x86_64__) && defined(__linux__) && !defined(FK_THREAD_SANITIZER)
#define FK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FK_CLONES
#endif

#endif
