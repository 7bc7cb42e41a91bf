#ifndef FK_SEARCH_H
#define FK_SEARCH_H

#include "fk_common.h"

FK_NONNULL_BEGIN

// Inner products with many rows: bounds from eight-bit codes, and the products themselves.

// A row x becomes codes q in -127...127 with x ≈ scale q; residual is at least |x - scale q|.
// Returns false when a value is not finite.
bool fk_encode_rows(const float *x, size_t rows, size_t columns, int8_t *codes, float *scales,
                    float *residuals);

// lower[r] <= x_r · y <= upper[r] for y = query_scale * query + (something no longer than
// query_residual), with |query[c]| * 127 * columns below 2^31.
void fk_code_bounds(const int8_t *codes, const float *scales, const float *residuals, size_t rows,
                    size_t columns, const int16_t *query, float query_scale, float query_norm,
                    float query_residual, float *lower, float *upper);

// The inner product of one row with the query.
float fk_inner_product(const float *row, const float *query, size_t columns);

FK_NONNULL_END

#endif
