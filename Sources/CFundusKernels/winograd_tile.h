#ifndef WINOGRAD_TILE_H
#define WINOGRAD_TILE_H
#include "fk_winograd.h"
#include "gemm_tile.h"

// Points +-A and +-B, besides 0 and infinity.
#define FK_A 0.625f
#define FK_B 1.5f

// Products that make a tile of stride 2.
enum { FK_MOST_PRODUCTS = 81 };

// The kernels of one instruction set.
typedef struct {
  int rows;  // of a tile of products
  void (*product)(int rows, const fk_tile *tile);
  // For convolutions of stride 1 and of stride 2: v[p * stride + c] = (B^T d B)[p] for the 6x6 or 9x9
  // pixels d at `pixels`.
  void (*input[2])(const float *const *pixels, size_t channels, float *v, size_t stride);
  // y = A^T m A at the 4x4 pixels `results`, for `count` channels, m[p * stride + c].
  void (*output[2])(const float *m, size_t stride, size_t count, float *const results[16],
                    const float *bias, const float *const residual[16], bool relu);
  // v[p * stride + c] = (A dy A^T)[p] for the 4x4 pixels dy.
  void (*gradient)(const float *const pixels[16], size_t count, float *v, size_t stride);
  // c[i * c_stride + j] += sum over t of a[t * a_stride + i] * b[t * b_stride + j]
  // for `rows` rows i and FK_PANEL columns j.
  void (*outer)(int rows, const float *a, size_t a_stride, const float *b, size_t b_stride,
                size_t count, float *c, size_t c_stride);
} fk_vector_kernels;

extern const fk_vector_kernels fk_kernels_base, fk_kernels_avx2, fk_kernels_avx512;

const fk_vector_kernels *fk_vector_kernels_in_use(void);

#endif
