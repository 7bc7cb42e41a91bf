#ifndef FK_POOLING_H
#define FK_POOLING_H
#include "fk_common.h"

typedef struct {
  size_t height, width, channels, out_height, out_width, kernel, stride;
  long padding;
} fk_pool_shape;

// The maximum over kernel x kernel windows of one image, rows [first, end) of the result. `chosen`
// (may be NULL) receives the place of the first maximum within each window.
void fk_max_pool(const float *_Nonnull x, const fk_pool_shape *_Nonnull shape, size_t first,
                 size_t end, float *_Nonnull y, uint8_t *_Nullable chosen);

// The gradient of rows [first, end) of the input of one image.
void fk_max_pool_gradient(const float *_Nonnull dy, const uint8_t *_Nonnull chosen,
                          const fk_pool_shape *_Nonnull shape, size_t first, size_t end,
                          float *_Nonnull dx);

#endif
