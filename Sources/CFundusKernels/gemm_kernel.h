// The micro-kernels of fk_gemm, included once for each instruction set with
//   FK_VL    floats in a vector          FK_ROWS  rows of a tile (accumulators: FK_ROWS x FK_NV)
//   FK_NV    vectors across a tile       FK_TILE  the name of the function to define
// Registers: FK_ROWS * FK_NV accumulators + FK_NV of B + the broadcast element of A.
#include "winograd_tile.h"

typedef float vec __attribute__((vector_size(4 * FK_VL)));
typedef int mask __attribute__((vector_size(4 * FK_VL)));
typedef float loose_vec __attribute__((vector_size(4 * FK_VL), aligned(4)));

enum { COLUMNS = FK_VL * FK_NV, B_AHEAD = 16 };
_Static_assert(FK_PANEL % COLUMNS == 0, "a panel is cut into whole tiles");

#define UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) vec load(const float *p) {
  return *(const loose_vec *)p;
}
static inline __attribute__((always_inline)) void store(float *p, vec v) { *(loose_vec *)p = v; }
static inline __attribute__((always_inline)) vec relu(vec v) {  // keeps NaN
  return (vec)((mask)v & ~(v <= 0));
}

#define EACH \
  UNROLL for (int r = 0; r < rows; ++r) UNROLL for (int v = 0; v < FK_NV; ++v)

// Adds what the job asks for and stores.
static inline __attribute__((always_inline)) void finish(const int rows, vec acc[][FK_NV],
                                                         const fk_tile *t, size_t column) {
  if (t->accumulate) EACH acc[r][v] += load(t->c[r] + column + v * FK_VL);
  if (t->bias) {
    vec bias[FK_NV];
    UNROLL for (int v = 0; v < FK_NV; ++v) bias[v] = load(t->bias + column + v * FK_VL);
    EACH acc[r][v] += bias[v];
  }
  if (t->residual[0]) EACH acc[r][v] += load(t->residual[r] + column + v * FK_VL);
  if (t->activation == FK_RELU) EACH acc[r][v] = relu(acc[r][v]);
  UNROLL for (int r = 0; r < rows; ++r) {
    float *const c = t->c[r] + column;
    UNROLL for (int v = 0; v < FK_NV; ++v) store(c + v * FK_VL, acc[r][v]);
  }
}

static inline __attribute__((always_inline)) void tile(const int rows, const fk_tile *t,
                                                       size_t column) {
  vec acc[FK_ROWS][FK_NV];
  EACH acc[r][v] = (vec){0};

  // The lines of C (and of the residual) come from far away while the products are formed.
  UNROLL for (int r = 0; r < rows; ++r) {
    __builtin_prefetch(t->c[r] + column, 1);
    __builtin_prefetch(t->c[r] + column + COLUMNS - 1, 1);
  }
  if (t->residual[0])
    UNROLL for (int r = 0; r < rows; ++r) {
      __builtin_prefetch(t->residual[r] + column, 0);
      __builtin_prefetch(t->residual[r] + column + COLUMNS - 1, 0);
    }

  const float *b = t->packed + column;
  const size_t segments = t->segments, length = t->length;
  const bool fetches = t->next[0] != NULL;
  for (size_t s = 0; s < segments; ++s) {
    const float *a[FK_ROWS];
    UNROLL for (int r = 0; r < rows; ++r) a[r] = t->rows[r] + s * t->segment_stride;
    for (size_t k = 0; k < length;) {
      const size_t end = length - k < 16 ? length : k + 16;
      if (fetches)
        UNROLL for (int r = 0; r < rows; ++r) __builtin_prefetch(t->next[r] + k);
      _Pragma("clang loop unroll_count(2)") for (; k < end; ++k) {
        vec row[FK_NV];
        UNROLL for (int v = 0; v < FK_NV; ++v) row[v] = *(const vec *)(b + v * FK_VL);
        UNROLL for (int line = 0; line < COLUMNS; line += 16)
          __builtin_prefetch(b + B_AHEAD * FK_PANEL + line);
        UNROLL for (int r = 0; r < rows; ++r)
          UNROLL for (int v = 0; v < FK_NV; ++v) acc[r][v] += a[r][k] * row[v];
        b += FK_PANEL;
      }
    }
  }
  finish(rows, acc, t, column);
}

#define CASE(n) \
  case n: \
    for (size_t column = 0; column < FK_PANEL; column += COLUMNS) tile(n, t, column); \
    break;

void FK_TILE(int rows, const fk_tile *t) {
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if FK_ROWS > 6
    CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
  }
}
