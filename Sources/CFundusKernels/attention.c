#include "fk_attention.h"

#include "math_inline.h"
#include "row_inline.h"

FK_CLONES void fk_attention_softmax(float *scores, size_t rows, size_t keys, float scale,
                                    size_t visible, const float *mask) {
  for (size_t r = 0; r < rows; ++r, scores += keys) {
    size_t n = visible + r < keys ? visible + r : keys;
    if (mask) {
      FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) scores[i] = scores[i] * scale + mask[i];
      mask += keys;
    } else {
      FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) scores[i] *= scale;
    }
    float maximum = row_maximum(scores, n);
    FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) scores[i] = fk_exp(scores[i] - maximum);
    float sum = row_sum(scores, n), factor = sum == 0 ? 0 : 1.0f / sum;
    FK_SHORT_LOOP for (size_t i = 0; i < n; ++i) scores[i] *= factor;
    for (size_t i = n; i < keys; ++i) scores[i] = 0;
  }
}

FK_CLONES void fk_attention_softmax_backward(const float *p, float *gradient, size_t rows,
                                             size_t keys, float scale) {
  for (size_t r = 0; r < rows; ++r, p += keys, gradient += keys) {
    float dot = row_dot(p, gradient, keys);
    FK_SHORT_LOOP for (size_t i = 0; i < keys; ++i) gradient[i] = scale * p[i] * (gradient[i] - dot);
  }
}
