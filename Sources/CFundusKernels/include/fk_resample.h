#ifndef FK_RESAMPLE_H
#define FK_RESAMPLE_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// A weighted sum of `taps` rows that lie `stride` elements apart: out[j] = sum_k w[k] rows[k][j].
void fk_resample_rows_u8(const uint8_t *rows, size_t stride, size_t taps, const float *weights,
                         float *out, size_t count);
void fk_resample_rows_f32(const float *rows, size_t stride, size_t taps, const float *weights,
                          float *out, size_t count);

// Each pixel of out is a weighted sum of `taps` neighbors in `row`, from pixel first[o] on; its
// weights are weights[o * taps ...]. The row needs room for one float past its last pixel.
void fk_resample_columns(const float *row, const int32_t *first, const float *weights, long taps,
                         float *out, long columns, long channels);

// Bilinear sampling of one image [height, width, channels] at `count` points (x, y) in pixels.
// border: points outside take the nearest pixel of the edge; otherwise they see zeros.
void fk_sample_bilinear(const float *image, long height, long width, long channels,
                        const float *points, long count, bool border, float *out);

// Adds the gradient of the image; writes that of the points (in pixels).
void fk_sample_bilinear_backward(const float *image, long height, long width, long channels,
                                 const float *points, long count, bool border,
                                 const float *gradient, float *_Nullable image_gradient,
                                 float *_Nullable points_gradient);

FK_NONNULL_END
#endif
