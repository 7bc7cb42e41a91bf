#ifndef FK_DESIGN_H
#define FK_DESIGN_H

#include "fk_common.h"

FK_NONNULL_BEGIN

// Linear models over single-precision features with double-precision arithmetic, a block of rows at
// a time: the block is widened once into `wide` [rows, columns], which stays in cache for both uses.

// wide = x; scores[r, k] = sum_c wide[r, c] weights[k, c].
void fk_design_scores(const float *x, size_t rows, size_t columns, const double *weights,
                      size_t outputs, double *wide, double *scores);

// gradient[k, c] += sum_r residuals[r, k] wide[r, c].
void fk_design_gradient(const double *wide, size_t rows, size_t columns, const double *residuals,
                        size_t outputs, double *gradient);

FK_NONNULL_END

#endif
