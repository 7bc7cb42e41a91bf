// SSE2, NEON and whatever else vectors of four floats run on.
#define FK_VL 4
#if defined(__aarch64__)
#define FK_NV 4
#else
#define FK_NV 2
#endif
#define FK_ROWS 6
#define FK_TILE fk_gemm_tile_base
#define FK_KERNELS fk_kernels_base
#include "gemm_kernel.h"
#include "winograd_kernel.h"
