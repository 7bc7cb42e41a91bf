// What the convolution and the gradient of its weights by Winograd's method share. Private to the kernels.
#ifndef FK_WINOGRAD_PARTS_H
#define FK_WINOGRAD_PARTS_H
#include "winograd_tile.h"

// G: row p holds the powers of point p, divided by the product of its distances to the others.
//
// For stride 2 the outer taps alone make F(4, 2), whose points are the same without 0. Row p holds 1 and p
// for them, and p times that where the divisor includes the distance to 0; row 0 is free for the middle
// tap, which is not transformed.
static inline void fill_g(float g[6][3], size_t stride) {
  const double a = FK_A, b = FK_B, points[5] = {0, a, -a, b, -b};
  const double divisors[5] = {a * a * b * b, 2 * a * a * (a * a - b * b), 2 * a * a * (a * a - b * b),
                              2 * b * b * (b * b - a * a), 2 * b * b * (b * b - a * a)};
  for (int p = 0; p < 5; ++p)
    for (int i = 0; i < 3; ++i)
      g[p][i] = (float)((i == 0 ? 1 : i == 1 ? points[p] : points[p] * points[p]) / divisors[p]);
  g[5][0] = g[5][1] = 0;
  g[5][2] = 1;
  if (stride == 1) return;
  for (int p = 0; p < 5; ++p) {
    g[p][0] = g[p][1];
    g[p][1] = p == 0;
  }
}

// Where tile `index` of 4x4 results lies.
typedef struct {
  size_t item, y, x;
} place;

static inline place tile_place(size_t index, size_t down, size_t across) {
  place result = {index / (down * across), index / across % down * 4, index % across * 4};
  return result;
}

// The pixels of a size x size square whose first is (y, x); `outside` where the image ends.
static inline void find_pixels(const float *image, size_t height, size_t width, size_t channels, long y,
                        long x, int size, const float *outside, const float **pixels) {
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j)
      *pixels++ = y + i < 0 || y + i >= (long)height || x + j < 0 || x + j >= (long)width
                      ? outside
                      : image + ((size_t)(y + i) * width + (size_t)(x + j)) * channels;
}

#endif
