#ifndef GEMM_TILE_H
#define GEMM_TILE_H
#include "fk_gemm.h"

enum { FK_MOST_ROWS = 14 };

// A few rows of C times one panel of B.
typedef struct {
  const float *rows[FK_MOST_ROWS];
  size_t segments, length, segment_stride;
  const float *packed;  // the panel
  float *c;
  size_t c_stride;
  const float *bias, *residual;
  size_t residual_stride;
  enum fk_activation activation;
  bool accumulate;
} fk_tile;

void fk_gemm_tile_base(int rows, const fk_tile *tile);
void fk_gemm_tile_avx2(int rows, const fk_tile *tile);
void fk_gemm_tile_avx512(int rows, const fk_tile *tile);

#endif
