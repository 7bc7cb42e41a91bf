#ifndef FK_SOFTMAX_H
#define FK_SOFTMAX_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// All of these work on `blocks` blocks of [length, inner] and normalize over `length`; inner = 1 is
// the softmax of rows. out may be the first input.
void fk_softmax(const float *x, float *out, size_t blocks, size_t length, size_t inner);
void fk_log_softmax(const float *x, float *out, size_t blocks, size_t length, size_t inner);
// out = y (g - sum(g y)) for y = softmax(x)
void fk_softmax_backward(const float *y, const float *gradient, float *out, size_t blocks,
                         size_t length, size_t inner);
// out = g - e^y sum(g) for y = log softmax(x)
void fk_log_softmax_backward(const float *y, const float *gradient, float *out, size_t blocks,
                             size_t length, size_t inner);

FK_NONNULL_END
#endif
