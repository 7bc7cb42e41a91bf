#ifndef GEMM_TILE_H
#define GEMM_TILE_H
#include "fk_gemm.h"

enum { FK_MOST_ROWS = 14 };

// A few rows of C times one panel of B.
typedef struct {
  const float *rows[FK_MOST_ROWS];
  size_t segments, length, segment_stride;
  const float *next[FK_MOST_ROWS];  // when the first is not NULL: rows to be fetched meanwhile
  const float *packed;  // the panel
  float *c[FK_MOST_ROWS];
  const float *bias;
  const float *residual[FK_MOST_ROWS];  // the first is NULL when there is none
  enum fk_activation activation;
  bool accumulate;
} fk_tile;

void fk_gemm_tile_base(int rows, const fk_tile *tile);
void fk_gemm_tile_avx2(int rows, const fk_tile *tile);
void fk_gemm_tile_avx512(int rows, const fk_tile *tile);

#endif
