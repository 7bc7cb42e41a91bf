#ifndef FK_BLAS_H
#define FK_BLAS_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// The kernels of OpenBLAS that a processor of this level deserves when it runs with those of `core`;
// NULL where those use all of its instructions already.
const char *_Nullable fk_blas_better_core(const char *core, int level);

// Around every call of BLAS and LAPACK. OpenBLAS takes its memory back while the program exits; calls
// that are under way are waited for before, and later ones from other threads never start.
void fk_blas_enter(void);
void fk_blas_leave(void);

FK_NONNULL_END
#endif
