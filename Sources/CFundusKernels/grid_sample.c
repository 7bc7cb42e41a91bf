#include "fk_resample.h"

#include <math.h>

typedef struct {
  long corner[4];   // offsets in pixels; -1 outside
  float weight[4];
  float dx, dy;     // fractions
  bool slides_x, slides_y;  // whether the result changes with the coordinate
} bilinear_point;

static inline float clamped(float value, long size, bool *slides) {
  float last = (float)(size - 1);
  *slides = value > 0 && value < last;
  return value < 0 ? 0 : value > last ? last : value;
}

static inline bool locate(float x, float y, long height, long width, bool border,
                          bilinear_point *point) {
  point->slides_x = point->slides_y = true;
  if (border) {
    x = clamped(x, width, &point->slides_x);
    y = clamped(y, height, &point->slides_y);
  }
  // Also refuses NaN and what no integer holds.
  if (!(x > -1 && x < (float)width && y > -1 && y < (float)height)) return false;
  float left = floorf(x), top = floorf(y);
  long x0 = (long)left, y0 = (long)top;
  point->dx = x - left;
  point->dy = y - top;
  for (int i = 0; i < 4; ++i) {
    long cx = x0 + (i & 1), cy = y0 + (i >> 1);
    bool inside = cx >= 0 && cx < width && cy >= 0 && cy < height;
    point->corner[i] = inside ? cy * width + cx : -1;
    point->weight[i] = ((i & 1) ? point->dx : 1 - point->dx) * ((i >> 1) ? point->dy : 1 - point->dy);
  }
  return true;
}

void fk_sample_bilinear(const float *image, long height, long width, long channels,
                        const float *points, long count, bool border, float *out) {
  for (long i = 0; i < count; ++i) {
    float *target = out + i * channels;
    bilinear_point point;
    for (long c = 0; c < channels; ++c) target[c] = 0;
    if (!locate(points[2 * i], points[2 * i + 1], height, width, border, &point)) continue;
    for (int k = 0; k < 4; ++k) {
      if (point.corner[k] < 0) continue;
      const float *source = image + point.corner[k] * channels;
      for (long c = 0; c < channels; ++c) target[c] += point.weight[k] * source[c];
    }
  }
}

void fk_sample_bilinear_backward(const float *image, long height, long width, long channels,
                                 const float *points, long count, bool border,
                                 const float *gradient, float *_Nullable image_gradient,
                                 float *_Nullable points_gradient) {
  for (long i = 0; i < count; ++i) {
    const float *arriving = gradient + i * channels;
    bilinear_point point;
    if (points_gradient) points_gradient[2 * i] = points_gradient[2 * i + 1] = 0;
    if (!locate(points[2 * i], points[2 * i + 1], height, width, border, &point)) continue;
    float along_x = 0, along_y = 0;
    for (int k = 0; k < 4; ++k) {
      if (point.corner[k] < 0) continue;
      const float *source = image + point.corner[k] * channels;
      float product = 0;
      for (long c = 0; c < channels; ++c) product += arriving[c] * source[c];
      along_x += product * ((k & 1) ? 1 : -1) * ((k >> 1) ? point.dy : 1 - point.dy);
      along_y += product * ((k >> 1) ? 1 : -1) * ((k & 1) ? point.dx : 1 - point.dx);
      if (image_gradient) {
        float *target = image_gradient + point.corner[k] * channels;
        for (long c = 0; c < channels; ++c) target[c] += point.weight[k] * arriving[c];
      }
    }
    if (points_gradient) {
      points_gradient[2 * i] = point.slides_x ? along_x : 0;
      points_gradient[2 * i + 1] = point.slides_y ? along_y : 0;
    }
  }
}
