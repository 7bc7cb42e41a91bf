// Distributions ship versions of OpenBLAS that do not know newer processors and then fall back to
// kernels of 2004, several times slower. The library chooses when it loads, by OPENBLAS_CORETYPE or the
// processor's model; here it is made to choose again, as the program starts: before main there is no
// other user whose products could be under way, and no thread that could read the environment while it
// changes.
//
// Only the table of kernels is replaced (gotoblas_dynamic_*). The library's own way to begin anew,
// gotoblas_quit and gotoblas_init, gives its buffers back and keeps them in the list of what is to be
// given back at exit: the second time that unmaps whatever lies at those addresses by then, such as
// the stack of a thread, and programs die on their way out.
#include "fk_blas.h"

#include <stdlib.h>
#include <strings.h>

#include "fk_cpu.h"

#if defined(__linux__) && defined(__x86_64__)
// Weak, for libraries of another make that have no such choice.
char *_Nullable openblas_get_corename(void) __attribute__((weak));
void gotoblas_dynamic_init(void) __attribute__((weak));
void gotoblas_dynamic_quit(void) __attribute__((weak));

// What kernels ask of a processor, by the library's names for them. Names that are not here are taken
// for a choice that was made on purpose.
static int level_of(const char *core) {
  static const char *const base[] = {
      "Unknown",    "Generic",   "Katmai",       "Coppermine", "Northwood",   "Prescott",
      "Banias",     "Core2",     "Penryn",       "Dunnington", "Nehalem",     "Sandybridge",
      "Atom",       "Athlon",    "Opteron",      "Opteron_SSE3", "Barcelona", "Bobcat",
      "Bulldozer",  "Piledriver", "Steamroller", "Nano"};
  static const char *const avx2[] = {"Haswell", "Zen", "Excavator"};
  for (size_t i = 0; i < sizeof base / sizeof *base; ++i)
    if (strcasecmp(core, base[i]) == 0) return FK_CPU_BASE;
  for (size_t i = 0; i < sizeof avx2 / sizeof *avx2; ++i)
    if (strcasecmp(core, avx2[i]) == 0) return FK_CPU_AVX2;
  return FK_CPU_AVX512;
}

const char *fk_blas_better_core(const char *core, int level) {
  if (level_of(core) >= level) return NULL;
  return level == FK_CPU_AVX512 ? "SkylakeX" : "Haswell";
}

__attribute__((constructor)) static void choose_core(void) {
  if (!openblas_get_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
  if (getenv("OPENBLAS_CORETYPE")) return;
  const char *better = fk_blas_better_core(openblas_get_corename(), fk_cpu_level());
  if (!better) return;
  setenv("OPENBLAS_CORETYPE", better, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv("OPENBLAS_CORETYPE");
}
#else
const char *fk_blas_better_core(const char *core, int level) {
  (void)core, (void)level;
  return NULL;
}
#endif
