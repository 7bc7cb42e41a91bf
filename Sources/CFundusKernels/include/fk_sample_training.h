#ifndef FK_SAMPLE_TRAINING_H
#define FK_SAMPLE_TRAINING_H

#include "fk_common.h"

FK_NONNULL_BEGIN

// A matrix that is trained one sample at a time. The gradient of such a step is the product of a
// column and a row, which is never written to memory.

// y[r] = sum_c w[r, c] x[c]
void fk_matvec(const float *w, size_t rows, size_t columns, const float *x, float *y);

// y[c] = sum_r w[r, c] delta[r]
void fk_matvec_transposed(const float *w, size_t rows, size_t columns, const float *delta,
                          float *y);

typedef struct {
  float decay;        // 1 - lr * weight decay
  float beta1, beta2;
  float step;         // lr / (1 - beta1^t)
  float root;         // sqrt(1 - beta2^t)
  float epsilon;
} fk_adamw_step;

// One AdamW step (Loshchilov and Hutter, ICLR 2019) with the gradient delta xᵀ.
void fk_adamw_outer(float *w, float *first, float *second, size_t rows, size_t columns,
                    const float *delta, const float *x, fk_adamw_step step);

FK_NONNULL_END

#endif
