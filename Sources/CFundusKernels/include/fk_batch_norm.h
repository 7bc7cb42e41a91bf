#ifndef FK_BATCH_NORM_H
#define FK_BATCH_NORM_H
#include "fk_common.h"

// Batch norm over the rows of x [rows, channels] (pixels of all images), with what usually follows
// it: y = act(x * scale + shift + residual). Sums are formed in pieces of fixed size that are combined
// in order, so they have the same bits on any number of threads.

// Mean and mean squared deviation of each channel.
void fk_batch_statistics(const float *_Nonnull x, size_t rows, size_t channels,
                         float *_Nonnull mean, float *_Nonnull variance);

// y = act(x * scale + shift + residual), rows [first, end).
void fk_batch_apply(const float *_Nonnull x, const float *_Nonnull scale,
                    const float *_Nonnull shift, const float *_Nullable residual, bool relu,
                    size_t first, size_t end, size_t channels, float *_Nonnull y);

// Where a ReLU let x pass: where y > 0, or where x * scale + shift > 0 (the same bits as in
// fk_batch_apply without a residual, for which y need not be read), or without any of them everywhere.
typedef struct {
  const float *_Nullable y;
  const float *_Nullable scale, *_Nullable shift;
} fk_batch_mask;

// With g = dy where the mask lets it pass and 0 elsewhere, the sums over the rows of g and of
// g * (x - mean) * inverse. With a mask of y, g is written to masked unless that is NULL; it may be dy.
void fk_batch_gradient_sums(const float *_Nonnull dy, fk_batch_mask mask, const float *_Nonnull x,
                            const float *_Nonnull mean, const float *_Nonnull inverse, size_t rows,
                            size_t channels, float *_Nullable masked, float *_Nonnull sum,
                            float *_Nonnull product_sum);

// dx = a * g + b * x + c for each channel, rows [first, end). dx may be dy.
void fk_batch_gradient_apply(const float *_Nonnull dy, fk_batch_mask mask,
                             const float *_Nonnull x, const float *_Nonnull a,
                             const float *_Nonnull b, const float *_Nonnull c, size_t first,
                             size_t end, size_t channels, float *_Nonnull dx);

#endif
