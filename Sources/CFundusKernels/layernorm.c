#include "fk_layernorm.h"

#include <float.h>
#include <math.h>

// Sums over a row may be reassociated: that is what lets them use vectors.
#define REASSOCIATE _Pragma("clang fp reassociate(on)")

static inline __attribute__((always_inline)) void normalize(const float *x, const float *gamma,
                                                            const float *beta, float *out,
                                                            float *mean, float *inverse,
                                                            size_t columns, float epsilon) {
  // Two passes over a row that is in the first-level cache: no cancellation.
  float sum = 0;
  {
    REASSOCIATE
    for (size_t c = 0; c < columns; ++c) sum += x[c];
  }
  float m = sum / (float)columns, squares = 0;
  {
    REASSOCIATE
    for (size_t c = 0; c < columns; ++c) squares += (x[c] - m) * (x[c] - m);
  }
  float scale = 1.0f / sqrtf(squares / (float)columns + epsilon);
  for (size_t c = 0; c < columns; ++c) out[c] = (x[c] - m) * scale * gamma[c] + beta[c];
  if (mean) *mean = m;
  if (inverse) *inverse = scale;
}

FK_CLONES void fk_layer_norm(const float *x, const float *gamma, const float *beta, float *out,
                             float *mean, float *inverse, size_t rows, size_t columns,
                             float epsilon) {
  for (size_t r = 0; r < rows; ++r)
    normalize(x + r * columns, gamma, beta, out + r * columns, mean ? mean + r : 0,
              inverse ? inverse + r : 0, columns, epsilon);
}

FK_CLONES void fk_residual_layer_norm(float *x, const float *bias, const float *residual,
                                      const float *gamma, const float *beta, float *out,
                                      float *mean, float *inverse, size_t rows, size_t columns,
                                      float epsilon) {
  for (size_t r = 0; r < rows; ++r) {
    float *row = x + r * columns;
    const float *other = residual + r * columns;
    if (bias)
      for (size_t c = 0; c < columns; ++c) row[c] = row[c] + bias[c] + other[c];
    else
      for (size_t c = 0; c < columns; ++c) row[c] += other[c];
    normalize(row, gamma, beta, out + r * columns, mean ? mean + r : 0, inverse ? inverse + r : 0,
              columns, epsilon);
  }
}

FK_CLONES void fk_layer_norm_backward(const float *x, const float *gamma, const float *mean,
                                      const float *inverse, const float *gradient,
                                      float *x_gradient, float *gamma_gradient,
                                      float *beta_gradient, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; ++r) {
    const float *row = x + r * columns, *g = gradient + r * columns;
    float *out = x_gradient + r * columns;
    float m = mean[r], scale = inverse[r], sum = 0, dot = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) {
        float hat = (row[c] - m) * scale, weighted = g[c] * gamma[c];
        sum += weighted;
        dot += weighted * hat;
      }
    }
    sum /= (float)columns;
    dot /= (float)columns;
    for (size_t c = 0; c < columns; ++c) {
      float hat = (row[c] - m) * scale, gc = g[c];
      gamma_gradient[c] += gc * hat;
      beta_gradient[c] += gc;
      out[c] = scale * (gc * gamma[c] - sum - hat * dot);
    }
  }
}

/* The norm of a row whose squares leave the range of single precision. */
static float wide_norm(const float *x, size_t columns) {
  double squares = 0;
  for (size_t c = 0; c < columns; ++c) squares += (double)x[c] * x[c];
  return (float)sqrt(squares);
}

FK_CLONES void fk_l2_normalize(const float *x, float *out, float *inverse, size_t rows,
                               size_t columns) {
  for (size_t r = 0; r < rows; ++r, x += columns, out += columns) {
    float squares = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) squares += x[c] * x[c];
    }
    float norm = sqrtf(squares);
    if (!(squares >= FLT_MIN && squares <= FLT_MAX)) norm = wide_norm(x, columns);
    if (norm == 0) norm = INFINITY;  // zeros stay zeros, and no gradient flows back
    for (size_t c = 0; c < columns; ++c) out[c] = x[c] / norm;
    if (inverse) inverse[r] = 1.0f / norm;
  }
}

FK_CLONES void fk_l2_normalize_backward(const float *y, const float *inverse,
                                        const float *gradient, float *out, size_t rows,
                                        size_t columns) {
  for (size_t r = 0; r < rows; ++r, y += columns, gradient += columns, out += columns) {
    float dot = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) dot += y[c] * gradient[c];
    }
    for (size_t c = 0; c < columns; ++c) out[c] = (gradient[c] - y[c] * dot) * inverse[r];
  }
}
