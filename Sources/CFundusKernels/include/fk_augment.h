#ifndef FK_AUGMENT_H
#define FK_AUGMENT_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// Images are [height, width, 3].

// Mirrors the columns in place.
void fk_flip_columns(float *image, long height, long width);

// out at (x, y) = the image at (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]),
// bilinear, zero outside. The image needs room for one float past its end.
void fk_affine_bilinear(const float *image, long height, long width, const double *map,
                        float *out);

// x = clamp(scale x + shift, 0, 1).
void fk_scale_clamp(float *x, size_t count, float scale, float shift);

// The mean of 0.299 R + 0.587 G + 0.114 B.
double fk_gray_mean(const float *image, size_t pixels);

FK_NONNULL_END
#endif
