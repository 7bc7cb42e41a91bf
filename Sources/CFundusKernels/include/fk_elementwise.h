#ifndef FK_ELEMENTWISE_H
#define FK_ELEMENTWISE_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// out[i] = a[i * a_step] op b[i * b_step]; a step is 0 (one value for all) or 1.
// out may be one of the inputs.
#define FK_BINARY(name)                                                                   \
  void name(const float *a, long a_step, const float *b, long b_step, float *out, long count)
FK_BINARY(fk_add);
FK_BINARY(fk_subtract);
FK_BINARY(fk_multiply);
FK_BINARY(fk_divide);
FK_BINARY(fk_weight);  // a b, but 0 where a is 0, whatever b is
FK_BINARY(fk_maximum);
FK_BINARY(fk_equal);    // 1 where equal, else 0
FK_BINARY(fk_greater);  // 1 where a > b, else 0

// out[i] = f(x[i]). out may be x.
#define FK_UNARY(name) void name(const float *x, float *out, long count)
FK_UNARY(fk_exponential);
FK_UNARY(fk_logarithm);
FK_UNARY(fk_square_root);
FK_UNARY(fk_hyperbolic_tangent);
FK_UNARY(fk_sigmoid);

// out[i] = scale * x[i] + shift.
void fk_scale_shift(const float *x, float scale, float shift, float *out, long count);
// out[i] = min(max(x[i], low), high); NaN stays NaN.
void fk_clamp(const float *x, float low, float high, float *out, long count);
// y[i] += scale * x[i].
void fk_accumulate(const float *x, float scale, float *y, long count);

// The sum of x[i] and of x[i]^2, added up in double in a fixed order.
double fk_sum(const float *x, long count);
double fk_sum_of_squares(const float *x, long count);
// out[j] = sum over r of x[r * columns + j], added up in double in order of r.
void fk_sum_rows(const float *x, long rows, long columns, long row_stride, float *out);
// The largest element and the first place where it stands; NaN wins.
long fk_index_of_maximum(const float *x, long count, long stride);
// Whether every element is finite.
bool fk_all_finite(const float *x, long count);

FK_NONNULL_END
#endif
