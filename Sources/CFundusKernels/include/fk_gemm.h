#ifndef FK_GEMM_H
#define FK_GEMM_H
#include "fk_common.h"

// Products with a matrix that was packed once: C = act(A B + bias + residual).
//
// B [K, N] is packed into panels of 32 columns, K rows each, the last panel filled with zeros. The
// rows of A are read where they lie. Every element of C is summed over k in order, so its bits depend
// neither on how rows and columns are cut into tasks nor on the number of threads.

enum { FK_PANEL = 32 };

enum fk_activation { FK_IDENTITY = 0, FK_RELU = 1, FK_GELU = 2 };

// Where the rows of A begin. Row m is row x = m % width of line y = m / width % height of item
// m / (width * height); it begins at base + item * item_stride + y * line_stride + x * row_stride and
// consists of `segments` runs of `length` floats, segment_stride apart. K = segments * length.
// A plain matrix has one line of all its rows. A convolution over a padded image has the output's
// width and height, and a segment for each row of its kernel.
typedef struct {
  const float *_Nonnull base;
  size_t row_stride, width, line_stride, height, item_stride;
  size_t segments, length, segment_stride;
} fk_rows;

// Row m of A.
static inline const float *_Nonnull fk_row(const fk_rows *_Nonnull a, size_t m) {
  if (m < a->width) return a->base + m * a->row_stride;
  const size_t line = m / a->width;
  return a->base + line / a->height * a->item_stride + line % a->height * a->line_stride +
         m % a->width * a->row_stride;
}

// Where the rows of a result go, in the same manner.
typedef struct {
  float *_Nonnull base;
  size_t row_stride, width, line_stride, height, item_stride;
} fk_target;

static inline float *_Nonnull fk_target_row(const fk_target *_Nonnull c, size_t m) {
  if (m < c->width) return c->base + m * c->row_stride;
  const size_t line = m / c->width;
  return c->base + line / c->height * c->item_stride + line % c->height * c->line_stride +
         m % c->width * c->row_stride;
}

typedef struct {
  fk_rows a;
  size_t row_count;
  const float *_Nonnull packed;  // from fk_gemm_pack
  size_t columns;                // N
  fk_target c;
  const float *_Nullable bias;      // [N]
  const float *_Nullable residual;  // [rows, residual_stride], added before the activation
  size_t residual_stride;
  enum fk_activation activation;
  bool accumulate;  // add to what C holds (before bias and activation)
} fk_gemm_job;

// Floats that the packed form of a [K, N] matrix takes.
size_t fk_gemm_packed_count(size_t k, size_t n);

// Packs B, whose element (k, n) is b[k * k_stride + n * n_stride], for panels first_panel up to
// end_panel. The target is 64-byte aligned.
void fk_gemm_pack(const float *_Nonnull b, size_t k, size_t n, size_t k_stride, size_t n_stride,
                  size_t first_panel, size_t end_panel, float *_Nonnull packed);

// The part of a job in the given rows and panels, on the calling thread.
void fk_gemm_part(const fk_gemm_job *_Nonnull job, size_t first_row, size_t end_row,
                  size_t first_panel, size_t end_panel);

// A whole job, shared among the threads of the pool.
void fk_gemm(const fk_gemm_job *_Nonnull job);

// Rows of plain matrices.
static inline fk_rows fk_plain_rows(const float *_Nonnull base, size_t row_stride, size_t rows,
                                    size_t k) {
  fk_rows result = {base, row_stride, rows ? rows : 1, 0, 1, 0, 1, k, 0};
  return result;
}
static inline fk_target fk_plain_target(float *_Nonnull base, size_t row_stride, size_t rows) {
  fk_target result = {base, row_stride, rows ? rows : 1, 0, 1, 0};
  return result;
}

#endif
