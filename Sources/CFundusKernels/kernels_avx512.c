#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), \
                             apply_to = function)
#define FK_VL 16
#define FK_NV 2
#define FK_ROWS 14
#define FK_TILE fk_gemm_tile_avx512
#define FK_KERNELS fk_kernels_avx512
#include "gemm_kernel.h"
#include "winograd_kernel.h"
#pragma clang attribute pop
#endif
