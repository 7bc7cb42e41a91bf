#ifndef FK_ELEMENTWISE_H
#define FK_ELEMENTWISE_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out may be one of the inputs.
void fk_add(const float *a, const float *b, float *out, size_t count);
void fk_subtract(const float *a, const float *b, float *out, size_t count);
void fk_multiply(const float *a, const float *b, float *out, size_t count);
void fk_divide(const float *a, const float *b, float *out, size_t count);

FK_NONNULL_END
#endif
