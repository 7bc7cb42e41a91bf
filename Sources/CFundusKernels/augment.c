#include "fk_augment.h"

#include <math.h>
#include <string.h>

void fk_flip_columns(float *image, long height, long width) {
  for (long y = 0; y < height; ++y) {
    float *left = image + y * width * 3, *right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3)
      for (int c = 0; c < 3; ++c) {
        float value = left[c];
        left[c] = right[c];
        right[c] = value;
      }
  }
}

typedef float quad __attribute__((vector_size(16)));
typedef float loose_quad __attribute__((vector_size(16), aligned(4), may_alias));

static void edge_pixel(const float *image, long height, long width, long x0, long y0, float dx,
                       float dy, float *out) {
  out[0] = out[1] = out[2] = 0;
  for (int k = 0; k < 4; ++k) {
    long x = x0 + (k & 1), y = y0 + (k >> 1);
    if (x < 0 || x >= width || y < 0 || y >= height) continue;
    float weight = ((k & 1) ? dx : 1 - dx) * ((k >> 1) ? dy : 1 - dy);
    for (int c = 0; c < 3; ++c) out[c] += weight * image[(y * width + x) * 3 + c];
  }
}

// Coordinates in double: at 512 pixels a float is off by 3e-5 pixels, which shows in the result.
FK_CLONES void fk_affine_bilinear(const float *image, long height, long width, const double *map,
                                  float *out) {
  for (long y = 0; y < height; ++y)
    for (long x = 0; x < width; ++x, out += 3) {
      double sx = map[0] * (double)x + (map[1] * (double)y + map[2]);
      double sy = map[3] * (double)x + (map[4] * (double)y + map[5]);
      if (!(sx > -1 && sx < (double)width && sy > -1 && sy < (double)height)) {
        out[0] = out[1] = out[2] = 0;
        continue;
      }
      // Both are above -1, so that truncation of the shifted value is the floor.
      long x0 = (long)(sx + 1) - 1, y0 = (long)(sy + 1) - 1;
      float dx = (float)(sx - (double)x0), dy = (float)(sy - (double)y0);
      if (x0 < 0 || y0 < 0 || x0 + 1 >= width || y0 + 1 >= height) {
        edge_pixel(image, height, width, x0, y0, dx, dy, out);
        continue;
      }
      const float *above = image + (y0 * width + x0) * 3, *below = above + width * 3;
      quad top = (1 - dx) * *(const loose_quad *)above + dx * *(const loose_quad *)(above + 3);
      quad bottom = (1 - dx) * *(const loose_quad *)below + dx * *(const loose_quad *)(below + 3);
      quad value = (1 - dy) * top + dy * bottom;
      for (int c = 0; c < 3; ++c) out[c] = value[c];
    }
}

FK_CLONES void fk_scale_clamp(float *x, size_t count, float scale, float shift) {
  for (size_t i = 0; i < count; ++i) {
    float value = scale * x[i] + shift;
    value = value < 0 ? 0 : value;
    x[i] = value > 1 ? 1 : value;
  }
}

FK_CLONES double fk_gray_mean(const float *image, size_t pixels) {
  // Three sums for each of 16 places of a row of pixels, emptied into doubles before they grow.
  enum { LANES = 48, BLOCK = 64 };
  static const double weight[3] = {0.299, 0.587, 0.114};
  double total = 0;
  size_t count = pixels * 3, i = 0;
  while (i + LANES <= count) {
    float sum[LANES];
    memset(sum, 0, sizeof sum);
    for (int block = 0; block < BLOCK && i + LANES <= count; ++block, i += LANES)
      for (int lane = 0; lane < LANES; ++lane) sum[lane] += image[i + lane];
    for (int lane = 0; lane < LANES; ++lane) total += weight[lane % 3] * (double)sum[lane];
  }
  for (; i < count; ++i) total += weight[i % 3] * (double)image[i];
  return total / (double)pixels;
}
