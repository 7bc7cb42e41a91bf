#include "fk_softmax.h"

#include <math.h>

#include "math_inline.h"
#include "row_inline.h"

// Columns that are taken together when the normalized axis is not the last one.
enum { COLUMNS = 64 };

#define FOR_EACH_STRIP(...)                                                  \
  for (size_t b = 0; b < blocks; ++b)                                        \
    for (size_t first = 0; first < inner; first += COLUMNS) {                \
      size_t width = inner - first < COLUMNS ? inner - first : COLUMNS;      \
      size_t start = b * length * inner + first;                             \
      __VA_ARGS__                                                            \
    }

static inline __attribute__((always_inline)) void strip_maximum(const float *x, float *maximum,
                                                                size_t length, size_t inner,
                                                                size_t width) {
  for (size_t c = 0; c < width; ++c) maximum[c] = -INFINITY;
  for (size_t i = 0; i < length; ++i)
    for (size_t c = 0; c < width; ++c) {
      float value = x[i * inner + c];
      maximum[c] = maximum[c] > value ? maximum[c] : value;
    }
  for (size_t c = 0; c < width; ++c) maximum[c] = maximum[c] == -INFINITY ? 0 : maximum[c];
}

FK_CLONES void fk_softmax(const float *x, float *out, size_t blocks, size_t length, size_t inner) {
  if (inner == 1) {
    for (size_t b = 0; b < blocks; ++b, x += length, out += length) {
      float maximum = row_maximum(x, length);
      FK_SHORT_LOOP for (size_t i = 0; i < length; ++i) out[i] = fk_exp(x[i] - maximum);
      float scale = 1.0f / row_sum(out, length);
      FK_SHORT_LOOP for (size_t i = 0; i < length; ++i) out[i] *= scale;
    }
    return;
  }
  FOR_EACH_STRIP({
    float maximum[COLUMNS], sum[COLUMNS] = {0};
    strip_maximum(x + start, maximum, length, inner, width);
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) {
        float value = fk_exp(x[start + i * inner + c] - maximum[c]);
        out[start + i * inner + c] = value;
        sum[c] += value;
      }
    for (size_t c = 0; c < width; ++c) sum[c] = 1.0f / sum[c];
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) out[start + i * inner + c] *= sum[c];
  })
}

FK_CLONES void fk_log_softmax(const float *x, float *out, size_t blocks, size_t length,
                              size_t inner) {
  if (inner == 1) {
    for (size_t b = 0; b < blocks; ++b, x += length, out += length) {
      float maximum = row_maximum(x, length), sum = 0;
      float terms[COLUMNS];
      for (size_t first = 0; first < length; first += COLUMNS) {
        size_t width = length - first < COLUMNS ? length - first : COLUMNS;
        FK_SHORT_LOOP for (size_t i = 0; i < width; ++i) terms[i] = fk_exp(x[first + i] - maximum);
        sum += row_sum(terms, width);
      }
      // The maximum first: it may be large, and the logarithm small beside it.
      float logarithm = logf(sum);
      FK_SHORT_LOOP for (size_t i = 0; i < length; ++i) out[i] = x[i] - maximum - logarithm;
    }
    return;
  }
  FOR_EACH_STRIP({
    float shift[COLUMNS], sum[COLUMNS] = {0};
    strip_maximum(x + start, shift, length, inner, width);
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) sum[c] += fk_exp(x[start + i * inner + c] - shift[c]);
    for (size_t c = 0; c < width; ++c) sum[c] = logf(sum[c]);
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c)
        out[start + i * inner + c] = x[start + i * inner + c] - shift[c] - sum[c];
  })
}

FK_CLONES void fk_softmax_backward(const float *y, const float *gradient, float *out, size_t blocks,
                                   size_t length, size_t inner) {
  if (inner == 1) {
    for (size_t b = 0; b < blocks; ++b, y += length, gradient += length, out += length) {
      float dot = row_dot(y, gradient, length);
      FK_SHORT_LOOP for (size_t i = 0; i < length; ++i) out[i] = y[i] * (gradient[i] - dot);
    }
    return;
  }
  FOR_EACH_STRIP({
    float dot[COLUMNS] = {0};
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c)
        dot[c] += y[start + i * inner + c] * gradient[start + i * inner + c];
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) {
        size_t at = start + i * inner + c;
        out[at] = y[at] * (gradient[at] - dot[c]);
      }
  })
}

FK_CLONES void fk_log_softmax_backward(const float *y, const float *gradient, float *out,
                                       size_t blocks, size_t length, size_t inner) {
  if (inner == 1) {
    for (size_t b = 0; b < blocks; ++b, y += length, gradient += length, out += length) {
      float sum = row_sum(gradient, length);
      FK_SHORT_LOOP for (size_t i = 0; i < length; ++i) out[i] = gradient[i] - fk_exp(y[i]) * sum;
    }
    return;
  }
  FOR_EACH_STRIP({
    float sum[COLUMNS] = {0};
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) sum[c] += gradient[start + i * inner + c];
    for (size_t i = 0; i < length; ++i)
      for (size_t c = 0; c < width; ++c) {
        size_t at = start + i * inner + c;
        out[at] = gradient[at] - fk_exp(y[at]) * sum[c];
      }
  })
}
