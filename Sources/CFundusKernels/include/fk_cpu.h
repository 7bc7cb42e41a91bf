#ifndef FK_CPU_H
#define FK_CPU_H
#include "fk_common.h"

// What the processor can do, as far as our kernels tell processors apart.
enum fk_cpu_level {
  FK_CPU_BASE = 0,    // SSE2, NEON, or whatever the compiler's base level is
  FK_CPU_AVX2 = 1,    // AVX2 and FMA
  FK_CPU_AVX512 = 2,  // AVX-512 F, BW, DQ, VL
};

// The level in use: what CPUID says, or less when fk_limit_cpu_level asked for less.
int fk_cpu_level(void);

// Restricts the kernels that the calling thread starts to a level, so that tests reach the paths of
// other processors. Kernels ask for the level before they share work with other threads.
void fk_limit_cpu_level(int level);

#endif
