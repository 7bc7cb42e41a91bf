#include "fk_cpu.h"

#include <stdatomic.h>

static _Thread_local int limit = FK_CPU_AVX512;

static int detected_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return FK_CPU_BASE;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return FK_CPU_AVX2;
  return FK_CPU_AVX512;
#else
  return FK_CPU_BASE;
#endif
}

int fk_cpu_level(void) {
  static atomic_int known = -1;
  int level = atomic_load_explicit(&known, memory_order_relaxed);
  if (level < 0) {
    level = detected_level();
    atomic_store_explicit(&known, level, memory_order_relaxed);
  }
  return level < limit ? level : limit;
}

void fk_limit_cpu_level(int level) { limit = level; }
