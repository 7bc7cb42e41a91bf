#ifndef FK_ATTENTION_H
#define FK_ATTENTION_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// scores = softmax(scale * scores + mask) for each row, in place. Row r sees its first `visible` + r
// keys; a visible of `keys` or more means all. The mask may be NULL. A row that sees no key, or only
// keys with a mask of -infinity, becomes zeros.
void fk_attention_softmax(float *scores, size_t rows, size_t keys, float scale, size_t visible,
                          const float *_Nullable mask);
// gradient = scale * p * (gradient - sum(gradient * p)) for each row, in place.
void fk_attention_softmax_backward(const float *p, float *gradient, size_t rows, size_t keys,
                                   float scale);

FK_NONNULL_END
#endif
