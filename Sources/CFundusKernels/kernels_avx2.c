#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FK_VL 8
#define FK_NV 2
#define FK_ROWS 6
#define FK_TILE fk_gemm_tile_avx2
#define FK_KERNELS fk_kernels_avx2
#include "gemm_kernel.h"
#include "winograd_kernel.h"
#pragma clang attribute pop
#endif
