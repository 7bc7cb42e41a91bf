#include "fk_elementwise.h"

#include <math.h>

#include "math_inline.h"

#define BINARY(name, expression)                                                                  \
  FK_CLONES void name(const float *a, long a_step, const float *b, long b_step, float *out,       \
                      long count) {                                                               \
    if (a_step && b_step) {                                                                       \
      for (long i = 0; i < count; ++i) {                                                          \
        float x = a[i], y = b[i];                                                                 \
        out[i] = (expression);                                                                    \
      }                                                                                           \
    } else if (a_step) {                                                                          \
      float y = b[0];                                                                             \
      for (long i = 0; i < count; ++i) {                                                          \
        float x = a[i];                                                                           \
        out[i] = (expression);                                                                    \
      }                                                                                           \
    } else {                                                                                      \
      float x = a[0];                                                                             \
      for (long i = 0; i < count; ++i) {                                                          \
        float y = b_step ? b[i] : b[0];                                                           \
        out[i] = (expression);                                                                    \
      }                                                                                           \
    }                                                                                             \
  }

BINARY(fk_add, x + y)
BINARY(fk_subtract, x - y)
BINARY(fk_multiply, x *y)
BINARY(fk_divide, x / y)
BINARY(fk_weight, x == 0 ? 0.0f : x * y)
BINARY(fk_maximum, x > y ? x : y)
BINARY(fk_equal, x == y ? 1.0f : 0.0f)
BINARY(fk_greater, x > y ? 1.0f : 0.0f)

#define UNARY(name, expression)                                     \
  FK_CLONES void name(const float *in, float *out, long count) {    \
    for (long i = 0; i < count; ++i) {                              \
      float x = in[i];                                              \
      out[i] = (expression);                                        \
    }                                                               \
  }

UNARY(fk_exponential, fk_exp(x))
UNARY(fk_logarithm, logf(x))
UNARY(fk_square_root, sqrtf(x))
UNARY(fk_hyperbolic_tangent, fk_tanh(x))
UNARY(fk_sigmoid, 1.0f / (1.0f + fk_exp(-x)))

FK_CLONES void fk_scale_shift(const float *x, float scale, float shift, float *out, long count) {
  for (long i = 0; i < count; ++i) out[i] = scale * x[i] + shift;
}

FK_CLONES void fk_clamp(const float *x, float low, float high, float *out, long count) {
  for (long i = 0; i < count; ++i) out[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

FK_CLONES void fk_accumulate(const float *x, float scale, float *y, long count) {
  for (long i = 0; i < count; ++i) y[i] += scale * x[i];
}

// Sixteen running sums let the compiler use vectors without being allowed to reorder additions.
enum { LANES = 16 };

#define SUM(name, expression)                                                  \
  FK_CLONES double name(const float *in, long count) {                         \
    double lanes[LANES] = {0}, total = 0;                                      \
    long i = 0;                                                                \
    for (; i + LANES <= count; i += LANES)                                     \
      for (int lane = 0; lane < LANES; ++lane) {                               \
        double x = in[i + lane];                                               \
        lanes[lane] += (expression);                                           \
      }                                                                        \
    for (int lane = 0; i < count; ++i, ++lane) {                               \
      double x = in[i];                                                        \
      lanes[lane] += (expression);                                             \
    }                                                                          \
    for (int lane = 0; lane < LANES; ++lane) total += lanes[lane];             \
    return total;                                                              \
  }

SUM(fk_sum, x)
SUM(fk_sum_of_squares, x *x)

FK_CLONES void fk_sum_rows(const float *x, long rows, long columns, long row_stride, float *out) {
  enum { BLOCK = 128 };
  for (long c0 = 0; c0 < columns; c0 += BLOCK) {
    long width = columns - c0 < BLOCK ? columns - c0 : BLOCK;
    double sums[BLOCK] = {0};
    for (long r = 0; r < rows; ++r)
      for (long c = 0; c < width; ++c) sums[c] += x[r * row_stride + c0 + c];
    for (long c = 0; c < width; ++c) out[c0 + c] = (float)sums[c];
  }
}

long fk_index_of_maximum(const float *x, long count, long stride) {
  long best = 0;
  for (long i = 0; i < count; ++i) {
    float value = x[i * stride];
    if (isnan(value)) return i;
    if (value > x[best * stride]) best = i;
  }
  return best;
}

FK_CLONES bool fk_all_finite(const float *x, long count) {
  // A finite number times zero is zero; infinities and NaN become NaN.
  float lanes[LANES] = {0};
  long i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int lane = 0; lane < LANES; ++lane) lanes[lane] += x[i + lane] * 0.0f;
  for (int lane = 0; i < count; ++i, ++lane) lanes[lane] += x[i] * 0.0f;
  float total = 0;
  for (int lane = 0; lane < LANES; ++lane) total += lanes[lane];
  return total == 0.0f;
}
