#ifndef FK_OUTER_H
#define FK_OUTER_H
#include "fk_gemm.h"

// Products with a transposed first factor, C = A^T B: the gradients of weights. A and B are as tall
// as there are pixels or tokens, C is as small as the weights.
//
// Every element of C is summed in an order that the sizes alone decide, whatever the number of threads.

typedef struct {
  fk_rows a;           // row_count rows of M = segments * length floats
  size_t row_count;    // K
  const float *_Nonnull b;  // [K, N], rows b_stride apart
  size_t b_stride, columns;
  float *_Nonnull c;  // [M, N]
  bool accumulate;    // add to what C holds
} fk_outer_job;

void fk_outer(const fk_outer_job *_Nonnull job);

#endif
