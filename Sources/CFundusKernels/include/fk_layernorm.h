#ifndef FK_LAYERNORM_H
#define FK_LAYERNORM_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out = (x - mean) / sqrt(variance + epsilon) * gamma + beta for each row (Ba et al., arXiv
// 1607.06450; the variance is the biased one). Keeps mean and 1/sqrt(...) of each row where asked.
// out may be x.
void fk_layer_norm(const float *x, const float *gamma, const float *beta, float *out,
                   float *_Nullable mean, float *_Nullable inverse, size_t rows, size_t columns,
                   float epsilon);
// The same of x + bias + residual; the sum replaces x, for the backward pass. bias may be NULL.
void fk_residual_layer_norm(float *x, const float *_Nullable bias, const float *residual,
                            const float *gamma, const float *beta, float *out,
                            float *_Nullable mean, float *_Nullable inverse, size_t rows,
                            size_t columns, float epsilon);
// Gradients of x (over rows), and the sums over these rows for gamma and beta, which are added to.
void fk_layer_norm_backward(const float *x, const float *gamma, const float *mean,
                            const float *inverse, const float *gradient, float *x_gradient,
                            float *gamma_gradient, float *beta_gradient, size_t rows,
                            size_t columns);
// out = x / |x| for each row; keeps 1/|x| where asked. No epsilon: a row of zeros gives NaN.
void fk_l2_normalize(const float *x, float *out, float *_Nullable inverse, size_t rows,
                     size_t columns);
// out = (g - y (g . y)) / |x| for y = x / |x|
void fk_l2_normalize_backward(const float *y, const float *inverse, const float *gradient,
                              float *out, size_t rows, size_t columns);

FK_NONNULL_END
#endif
