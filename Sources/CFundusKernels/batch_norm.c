#include "fk_batch_norm.h"

#include <stdlib.h>
#include <string.h>

#include "fk_scratch.h"
#include "fk_threads.h"
#include "size_inline.h"

// A part is what a thread takes; a block is what is summed in single precision before it is added to
// sums in double; a group is as many channels as keep their sums in L1: rows are read in long runs,
// which is what memory is fast at. Stores of y that bypass the cache gain 0 to 2 % of a training step.
enum { PART_BYTES = 1 << 20, BLOCK = 32, GROUP = 512 };

static size_t rows_of_part(size_t channels) {
  const size_t rows = PART_BYTES / (channels * sizeof(float)) / BLOCK * BLOCK;
  return rows < BLOCK ? BLOCK : rows;
}

typedef struct {
  const float *x, *dy, *mean, *inverse;
  fk_batch_mask mask;
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

// What decides whether a gradient passes. Constant at every call below, so that each is a loop of
// vectors.
enum mask_kind { EVERYWHERE, BY_RESULT, BY_INPUT };

static inline __attribute__((always_inline)) enum mask_kind kind_of(fk_batch_mask mask) {
  return mask.y ? BY_RESULT : mask.scale ? BY_INPUT : EVERYWHERE;
}

// g for channel i, of which y, scale and shift are those of the row and channels at hand.
static inline __attribute__((always_inline)) float passed(enum mask_kind kind, fk_batch_mask mask,
                                                          float dy, float x, size_t i) {
  switch (kind) {
    case EVERYWHERE: return dy;
    case BY_RESULT: return mask.y[i] > 0 ? dy : 0;
    case BY_INPUT: return x * mask.scale[i] + mask.shift[i] > 0 ? dy : 0;
  }
}

static fk_batch_mask mask_from(fk_batch_mask mask, size_t row, size_t channel, size_t channels) {
  if (mask.y) mask.y += row * channels + channel;
  if (mask.scale) {
    mask.scale += channel;
    mask.shift += channel;
  }
  return mask;
}

// Sums of g and of g (x - mean) for `count` channels. `masked` may be dy.
static inline __attribute__((always_inline)) void add_gradients_group(
    const float *dy, enum mask_kind kind, fk_batch_mask mask, const float *restrict x, size_t rows,
    size_t channels, size_t count, const float *restrict mean, float *masked,
    const bool keeps_mask, double *restrict sum, double *restrict products) {
  float s[GROUP] = {0}, q[GROUP] = {0};
  for (size_t r = 0; r < rows; ++r, dy += channels, x += channels) {
    _Pragma("clang loop vectorize(assume_safety)") for (size_t c = 0; c < count; ++c) {
      const float g = passed(kind, mask, dy[c], x[c], c);
      s[c] += g;
      q[c] += g * (x[c] - mean[c]);
      if (keeps_mask) masked[c] = g;
    }
    if (kind == BY_RESULT) mask.y += channels;
    if (keeps_mask) masked += channels;
  }
  for (size_t c = 0; c < count; ++c) {
    sum[c] += s[c];
    products[c] += q[c];
  }
}

FK_CLONES static void add_gradients(const float *dy, fk_batch_mask all, const float *x,
                                    size_t rows, size_t channels, const float *mean, float *masked,
                                    double *sum, double *products) {
  for (size_t c = 0; c < channels; c += GROUP) {
    const size_t count = smaller(GROUP, channels - c);
    const fk_batch_mask mask = mask_from(all, 0, c, channels);
#define ADD(kind, keeps)                                                                          \
  add_gradients_group(dy + c, kind, mask, x + c, rows, channels, count, mean + c,                 \
                      keeps ? masked + c : NULL, keeps, sum + c, products + c)
    switch (kind_of(mask)) {
      case EVERYWHERE: ADD(EVERYWHERE, false); break;
      case BY_INPUT: ADD(BY_INPUT, false); break;
      case BY_RESULT:
        if (masked)
          ADD(BY_RESULT, true);
        else
          ADD(BY_RESULT, false);
    }
#undef ADD
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
    add_gradients(job->dy + at, mask_from(job->mask, r, 0, channels), job->x + at,
                  smaller(BLOCK, end - r), channels, job->mean,
                  job->masked ? job->masked + at : NULL, sum, sum + channels);
  }
}

void fk_batch_gradient_sums(const float *dy, fk_batch_mask mask, const float *x, const float *mean,
                            const float *inverse, size_t rows, size_t channels, float *masked,
                            float *sum, float *product_sum) {
  sum_job job = {.x = x, .dy = dy, .mask = mask, .mean = mean, .inverse = inverse,
                 .masked = masked, .rows = rows, .channels = channels,
                 .part_rows = rows_of_part(channels)};
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

static inline __attribute__((always_inline)) void apply_gradient(
    const float *dy, enum mask_kind kind, fk_batch_mask mask, const float *restrict x,
    const float *restrict a, const float *restrict b, const float *restrict c, size_t channels,
    float *dx) {
  _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < channels; ++i) dx[i] =
      a[i] * passed(kind, mask, dy[i], x[i], i) + b[i] * x[i] + c[i];
}

FK_CLONES void fk_batch_gradient_apply(const float *dy, fk_batch_mask all, const float *x,
                                       const float *a, const float *b, const float *c,
                                       size_t first, size_t end, size_t channels, float *dx) {
  for (size_t r = first; r < end; ++r) {
    const size_t at = r * channels;
    const fk_batch_mask mask = mask_from(all, r, 0, channels);
    switch (kind_of(mask)) {
      case EVERYWHERE:
        apply_gradient(dy + at, EVERYWHERE, mask, x + at, a, b, c, channels, dx + at);
        break;
      case BY_RESULT:
        apply_gradient(dy + at, BY_RESULT, mask, x + at, a, b, c, channels, dx + at);
        break;
      case BY_INPUT:
        apply_gradient(dy + at, BY_INPUT, mask, x + at, a, b, c, channels, dx + at);
        break;
    }
  }
}
