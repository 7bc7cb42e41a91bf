#ifndef FK_LAYOUT_H
#define FK_LAYOUT_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out = a permutation of the axes of x. out_shape lists the sizes of the result, strides the
// distance in x of a step along each axis of the result. Rows are those of the last axis, counted over all
// others: only those from `first` up to `last` are written, so that threads can share the work.
void fk_permute(const float *x, float *out, int rank, const long *out_shape, const long *strides,
                long first, long last);

FK_NONNULL_END
#endif
