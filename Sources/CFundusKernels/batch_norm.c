#include "fk_batch_norm.h"

#include <stdlib.h>
#include <string.h>

#include "fk_scratch.h"
#include "fk_threads.h"

// A part is what a thread takes; a block is what is summed in single precision before it is added to
// sums in double; a group is as many channels as keep their sums in L1: rows are read in long runs,
// which is what memory is fast at.
enum { PART_BYTES = 1 << 20, BLOCK = 32, GROUP = 512 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t rows_of_part(size_t channels) {
  const size_t rows = PART_BYTES / (channels * sizeof(float)) / BLOCK * BLOCK;
  return rows < BLOCK ? BLOCK : rows;
}

typedef struct {
  const float *x, *dy, *y, *mean, *inverse;
  float *masked;
  size_t rows, channels, part_rows;
  double *sums;  // [parts, 2, channels]
} sum_job;

// Sums of x - x0 and of its square, where x0 is the first row of the part: without a large mean in the
// way, single precision does for a block.
static inline __attribute__((always_inline)) void add_statistics_group(
    const float *restrict x, size_t rows, size_t channels, size_t count,
    const float *restrict origin, double *restrict sum, double *restrict squares) {
  float s[GROUP] = {0}, q[GROUP] = {0};
  for (size_t r = 0; r < rows; ++r, x += channels)
    for (size_t c = 0; c < count; ++c) {
      const float d = x[c] - origin[c];
      s[c] += d;
      q[c] += d * d;
    }
  for (size_t c = 0; c < count; ++c) {
    sum[c] += s[c];
    squares[c] += q[c];
  }
}

FK_CLONES static void add_statistics(const float *x, size_t rows, size_t channels,
                                     const float *origin, double *sum, double *squares) {
  for (size_t c = 0; c < channels; c += GROUP)
    add_statistics_group(x + c, rows, channels, smaller(GROUP, channels - c), origin + c, sum + c,
                         squares + c);
}

static void statistics_part(void *context, size_t part) {
  const sum_job *job = context;
  const size_t channels = job->channels, first = part * job->part_rows;
  const size_t end = smaller(job->rows, first + job->part_rows);
  double *sum = job->sums + part * 2 * channels, *squares = sum + channels;
  memset(sum, 0, 2 * channels * sizeof(double));
  const float *origin = job->x + first * channels;
  for (size_t r = first; r < end; r += BLOCK)
    add_statistics(job->x + r * channels, smaller(BLOCK, end - r), channels, origin, sum, squares);
  // To mean and sum of squared deviations of the part.
  const double count = (double)(end - first);
  for (size_t c = 0; c < channels; ++c) {
    squares[c] -= sum[c] * sum[c] / count;
    sum[c] = origin[c] + sum[c] / count;
  }
}

void fk_batch_statistics(const float *x, size_t rows, size_t channels, float *mean,
                         float *variance) {
  sum_job job = {.x = x, .rows = rows, .channels = channels, .part_rows = rows_of_part(channels)};
  const size_t parts = (rows + job.part_rows - 1) / job.part_rows;
  job.sums = malloc((parts * 2 * channels + 1) * sizeof(double));
  if (!job.sums) abort();
  fk_parallel_for(parts, &job, statistics_part);
  for (size_t c = 0; c < channels; ++c) {  // Chan, Golub and LeVeque 1979
    double total = 0, m = 0, squares = 0;
    for (size_t part = 0; part < parts; ++part) {
      const double count = (double)(smaller(rows, (part + 1) * job.part_rows) - part * job.part_rows);
      const double part_mean = job.sums[part * 2 * channels + c];
      const double delta = part_mean - m;
      squares += job.sums[(part * 2 + 1) * channels + c] + delta * delta * total * count / (total + count);
      m += delta * count / (total + count);
      total += count;
    }
    mean[c] = (float)m;
    variance[c] = (float)(squares / (double)rows);
  }
  free(job.sums);
}

FK_CLONES void fk_batch_apply(const float *x, const float *scale, const float *shift,
                              const float *residual, bool relu, size_t first, size_t end,
                              size_t channels, float *y) {
  for (size_t r = first; r < end; ++r) {
    const float *in = x + r * channels, *add = residual ? residual + r * channels : NULL;
    float *out = y + r * channels;
    if (add && relu)
      for (size_t c = 0; c < channels; ++c) {
        const float v = in[c] * scale[c] + shift[c] + add[c];
        out[c] = v < 0 ? 0 : v;
      }
    else if (add)
      for (size_t c = 0; c < channels; ++c) out[c] = in[c] * scale[c] + shift[c] + add[c];
    else if (relu)
      for (size_t c = 0; c < channels; ++c) {
        const float v = in[c] * scale[c] + shift[c];
        out[c] = v < 0 ? 0 : v;
      }
    else
      for (size_t c = 0; c < channels; ++c) out[c] = in[c] * scale[c] + shift[c];
  }
}

// Sums of g and of g (x - mean) for `count` channels, g = dy where y > 0 (everywhere without y). The
// two flags are constants at every call, so that each combination is a loop of vectors.
static inline __attribute__((always_inline)) void add_gradients_group(
    const float *restrict dy, const float *restrict y, const float *restrict x, size_t rows,
    size_t channels, size_t count, const float *restrict mean, float *restrict masked,
    const bool is_masked, const bool keeps_mask, double *restrict sum, double *restrict products) {
  float s[GROUP] = {0}, q[GROUP] = {0};
  for (size_t r = 0; r < rows; ++r, dy += channels, x += channels) {
    for (size_t c = 0; c < count; ++c) {
      const float g = is_masked ? (y[c] > 0 ? dy[c] : 0) : dy[c];
      s[c] += g;
      q[c] += g * (x[c] - mean[c]);
      if (keeps_mask) masked[c] = g;
    }
    if (is_masked) y += channels;
    if (keeps_mask) masked += channels;
  }
  for (size_t c = 0; c < count; ++c) {
    sum[c] += s[c];
    products[c] += q[c];
  }
}

FK_CLONES static void add_gradients(const float *dy, const float *y, const float *x, size_t rows,
                                    size_t channels, const float *mean, float *masked, double *sum,
                                    double *products) {
  for (size_t c = 0; c < channels; c += GROUP) {
    const size_t count = smaller(GROUP, channels - c);
    if (y && masked)
      add_gradients_group(dy + c, y + c, x + c, rows, channels, count, mean + c, masked + c, true,
                          true, sum + c, products + c);
    else if (y)
      add_gradients_group(dy + c, y + c, x + c, rows, channels, count, mean + c, NULL, true, false,
                          sum + c, products + c);
    else
      add_gradients_group(dy + c, NULL, x + c, rows, channels, count, mean + c, NULL, false, false,
                          sum + c, products + c);
  }
}

static void gradient_part(void *context, size_t part) {
  const sum_job *job = context;
  const size_t channels = job->channels, first = part * job->part_rows;
  const size_t end = smaller(job->rows, first + job->part_rows);
  double *sum = job->sums + part * 2 * channels;
  memset(sum, 0, 2 * channels * sizeof(double));
  for (size_t r = first; r < end; r += BLOCK) {
    const size_t at = r * channels;
    add_gradients(job->dy + at, job->y ? job->y + at : NULL, job->x + at, smaller(BLOCK, end - r),
                  channels, job->mean, job->masked ? job->masked + at : NULL, sum, sum + channels);
  }
}

void fk_batch_gradient_sums(const float *dy, const float *y, const float *x, const float *mean,
                            const float *inverse, size_t rows, size_t channels, float *masked,
                            float *sum, float *product_sum) {
  sum_job job = {.x = x, .dy = dy, .y = y, .mean = mean, .inverse = inverse, .masked = masked,
                 .rows = rows, .channels = channels, .part_rows = rows_of_part(channels)};
  const size_t parts = (rows + job.part_rows - 1) / job.part_rows;
  job.sums = malloc((parts * 2 * channels + 1) * sizeof(double));
  if (!job.sums) abort();
  fk_parallel_for(parts, &job, gradient_part);
  for (size_t c = 0; c < channels; ++c) {
    double s = 0, q = 0;
    for (size_t part = 0; part < parts; ++part) {
      s += job.sums[part * 2 * channels + c];
      q += job.sums[(part * 2 + 1) * channels + c];
    }
    sum[c] = (float)s;
    product_sum[c] = (float)(q * inverse[c]);
  }
  free(job.sums);
}

FK_CLONES void fk_batch_gradient_apply(const float *dy, const float *y, const float *x,
                                       const float *a, const float *b, const float *c,
                                       size_t first, size_t end, size_t channels, float *dx) {
  for (size_t r = first; r < end; ++r) {
    const size_t at = r * channels;
    if (y)
      for (size_t i = 0; i < channels; ++i)
        dx[at + i] = a[i] * (y[at + i] > 0 ? dy[at + i] : 0) + b[i] * x[at + i] + c[i];
    else
      for (size_t i = 0; i < channels; ++i)
        dx[at + i] = a[i] * dy[at + i] + b[i] * x[at + i] + c[i];
  }
}
