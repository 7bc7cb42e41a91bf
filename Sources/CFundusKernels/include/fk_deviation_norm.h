#ifndef FK_DEVIATION_NORM_H
#define FK_DEVIATION_NORM_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out = gamma * (x - mean) / (s + epsilon) + beta for each row, where s is the unbiased standard
// deviation (divided by columns - 1) and epsilon stands outside of the root. Keeps mean and s of each
// row where asked. columns is at least 2.
void fk_deviation_norm(const float *x, const float *gamma, const float *beta, float *out,
                       float *_Nullable mean, float *_Nullable deviation, size_t rows,
                       size_t columns, float epsilon);
// Gradients of x (over rows), and the sums over these rows for gamma and beta, which are added to. A
// row whose elements are all equal has no derivative of s; it counts as 0, as in PyTorch.
void fk_deviation_norm_backward(const float *x, const float *gamma, const float *mean,
                                const float *deviation, const float *gradient, float *x_gradient,
                                float *gamma_gradient, float *beta_gradient, size_t rows,
                                size_t columns, float epsilon);

FK_NONNULL_END
#endif
