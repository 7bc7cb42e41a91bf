#ifndef FK_REDUCE_ROWS_H
#define FK_REDUCE_ROWS_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out[n] = sum over the rows of x [rows, columns], accumulated in double in pieces of fixed size.
void fk_column_sums(const float *x, size_t rows, size_t columns, float *out);

FK_NONNULL_END
#endif
