#include "fk_elementwise.h"

#define BINARY(name, expression)                                                      \
  FK_CLONES void name(const float *a, const float *b, float *out, size_t count) {     \
    for (size_t i = 0; i < count; ++i) out[i] = (expression);                         \
  }

BINARY(fk_add, a[i] + b[i])
BINARY(fk_subtract, a[i] - b[i])
BINARY(fk_multiply, a[i] * b[i])
BINARY(fk_divide, a[i] / b[i])
