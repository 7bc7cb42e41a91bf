#ifndef QUANTIZED_TILE_H
#define QUANTIZED_TILE_H
#include "fk_quantized.h"
#include "gemm_tile.h"

// A few rows of A times one panel of B, and what follows.
typedef struct {
  const fk_quantized_job *job;
  size_t row, column;                       // the first of each
  const uint8_t *rows[FK_MOST_ROWS];
  size_t segments, length, segment_stride;  // in quads
  const int8_t *packed;                     // the panel
} fk_quantized_tile;

// From sums to what the job wants, in one row of a panel.
void fk_quantized_finish_row(const fk_quantized_job *job, const int32_t *sums, size_t row,
                             size_t column);

void fk_quantized_tile_base(int rows, const fk_quantized_tile *tile);
void fk_quantized_tile_vnni(int rows, const fk_quantized_tile *tile);

#endif
