#include "fk_activation.h"

#include "math_inline.h"

FK_CLONES void fk_relu(const float *x, float *out, size_t count) {
  // Written so that NaN stays NaN.
  for (size_t i = 0; i < count; ++i) out[i] = x[i] < 0 ? 0 : x[i];
}

FK_CLONES void fk_relu_backward(const float *output, const float *gradient, float *out,
                                size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = output[i] > 0 ? gradient[i] : 0;
}

FK_CLONES void fk_gelu(const float *x, float *out, size_t count) {
  FK_SHORT_LOOP
  for (size_t i = 0; i < count; ++i) out[i] = fk_gelu_scalar(x[i]);
}

FK_CLONES void fk_gelu_backward(const float *x, const float *gradient, float *out, size_t count) {
  FK_SHORT_LOOP
  for (size_t i = 0; i < count; ++i) out[i] = gradient[i] * fk_gelu_slope(x[i]);
}
