#include "fk_deviation_norm.h"

#include <math.h>

// Sums over a row may be reassociated: that is what lets them use vectors.
#define REASSOCIATE _Pragma("clang fp reassociate(on)")

FK_CLONES void fk_deviation_norm(const float *x, const float *gamma, const float *beta, float *out,
                                 float *mean, float *deviation, size_t rows, size_t columns,
                                 float epsilon) {
  for (size_t r = 0; r < rows; ++r, x += columns, out += columns) {
    float sum = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) sum += x[c];
    }
    const float m = sum / (float)columns;
    float squares = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) squares += (x[c] - m) * (x[c] - m);
    }
    const float s = sqrtf(squares / (float)(columns - 1)), scale = 1.0f / (s + epsilon);
    for (size_t c = 0; c < columns; ++c) out[c] = (x[c] - m) * scale * gamma[c] + beta[c];
    if (mean) mean[r] = m;
    if (deviation) deviation[r] = s;
  }
}

// With h = (x - mean) / (s + e) and w = gradient * gamma:
// dx = (w - mean(w) - h * sum(w h) * (s + e) / ((columns - 1) s)) / (s + e)
FK_CLONES void fk_deviation_norm_backward(const float *x, const float *gamma, const float *mean,
                                          const float *deviation, const float *gradient,
                                          float *x_gradient, float *gamma_gradient,
                                          float *beta_gradient, size_t rows, size_t columns,
                                          float epsilon) {
  for (size_t r = 0; r < rows; ++r) {
    const float *row = x + r * columns, *g = gradient + r * columns;
    float *out = x_gradient + r * columns;
    const float m = mean[r], s = deviation[r], scale = 1.0f / (s + epsilon);
    float sum = 0, dot = 0;
    {
      REASSOCIATE
      for (size_t c = 0; c < columns; ++c) {
        const float hat = (row[c] - m) * scale, weighted = g[c] * gamma[c];
        sum += weighted;
        dot += weighted * hat;
      }
    }
    sum /= (float)columns;
    dot = s > 0 ? dot * (s + epsilon) / ((float)(columns - 1) * s) : 0;
    for (size_t c = 0; c < columns; ++c) {
      const float hat = (row[c] - m) * scale, gc = g[c];
      gamma_gradient[c] += gc * hat;
      beta_gradient[c] += gc;
      out[c] = scale * (gc * gamma[c] - sum - hat * dot);
    }
  }
}
