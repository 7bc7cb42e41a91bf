#ifndef FK_ACTIVATION_H
#define FK_ACTIVATION_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out may be an input everywhere here.
void fk_relu(const float *x, float *out, size_t count);
// out = output > 0 ? gradient : 0
void fk_relu_backward(const float *output, const float *gradient, float *out, size_t count);
// out = x Phi(x), the exact (erf) GELU (Hendrycks and Gimpel, arXiv 1606.08415).
void fk_gelu(const float *x, float *out, size_t count);
void fk_gelu_backward(const float *x, const float *gradient, float *out, size_t count);

FK_NONNULL_END
#endif
