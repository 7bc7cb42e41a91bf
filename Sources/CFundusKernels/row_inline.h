// Reductions of a row. Private to the kernels.
#ifndef FK_ROW_INLINE_H
#define FK_ROW_INLINE_H
#include <math.h>
#include <stddef.h>

#include "math_inline.h"

// Sums over a row may be reassociated: that is what lets them use vectors. The order depends on the
// instruction set and the length only, never on threads.
#define REASSOCIATE _Pragma("clang fp reassociate(on)")

static inline __attribute__((always_inline)) float row_maximum(const float *x, size_t n) {
  enum { LANES = 16 };
  float lanes[LANES], result = -INFINITY;
  size_t i = 0;
  if (n >= LANES) {
    for (int l = 0; l < LANES; ++l) lanes[l] = x[l];
    for (i = LANES; i + LANES <= n; i += LANES)
      for (int l = 0; l < LANES; ++l) lanes[l] = lanes[l] > x[i + l] ? lanes[l] : x[i + l];
    for (int l = 0; l < LANES; ++l) result = result > lanes[l] ? result : lanes[l];
  }
  for (; i < n; ++i) result = result > x[i] ? result : x[i];
  // A row of -infinity alone would give e^(-inf + inf).
  return result == -INFINITY ? 0 : result;
}

static inline __attribute__((always_inline)) float row_sum(const float *x, size_t n) {
  REASSOCIATE
  float sum = 0;
  FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

static inline __attribute__((always_inline)) float row_dot(const float *x, const float *y,
                                                           size_t n) {
  REASSOCIATE
  float sum = 0;
  FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

#endif
