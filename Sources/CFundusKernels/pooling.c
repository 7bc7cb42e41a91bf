#include "fk_pooling.h"

#include <math.h>
#include <string.h>

FK_CLONES static void take_larger(const float *x, size_t count, float *y) {
  for (size_t c = 0; c < count; ++c) y[c] = x[c] > y[c] || x[c] != x[c] ? x[c] : y[c];
}

FK_CLONES static void take_larger_at(const float *x, size_t count, float *y, uint8_t *chosen,
                                     uint8_t place) {
  for (size_t c = 0; c < count; ++c) {
    const bool larger = x[c] > y[c] || x[c] != x[c];
    y[c] = larger ? x[c] : y[c];
    chosen[c] = larger ? place : chosen[c];
  }
}

void fk_max_pool(const float *x, const fk_pool_shape *s, size_t first, size_t end, float *y,
                 uint8_t *chosen) {
  const size_t channels = s->channels;
  for (size_t oy = first; oy < end; ++oy)
    for (size_t ox = 0; ox < s->out_width; ++ox) {
      float *out = y + (oy * s->out_width + ox) * channels;
      uint8_t *place = chosen ? chosen + (oy * s->out_width + ox) * channels : NULL;
      bool is_first = true;
      for (size_t k = 0; k < s->kernel * s->kernel; ++k) {
        const long iy = (long)(oy * s->stride + k / s->kernel) - s->padding;
        const long ix = (long)(ox * s->stride + k % s->kernel) - s->padding;
        if (iy < 0 || ix < 0 || iy >= (long)s->height || ix >= (long)s->width) continue;
        const float *in = x + ((size_t)iy * s->width + (size_t)ix) * channels;
        if (is_first) {
          memcpy(out, in, channels * sizeof(float));
          if (place) memset(place, (int)k, channels);
          is_first = false;
        } else if (place) {
          take_larger_at(in, channels, out, place, (uint8_t)k);
        } else {
          take_larger(in, channels, out);
        }
      }
      if (is_first)  // a window that lies outside of the image
        for (size_t c = 0; c < channels; ++c) out[c] = -INFINITY;
    }
}

FK_CLONES static void add_where(const float *dy, const uint8_t *chosen, uint8_t place, size_t count,
                                float *dx) {
  for (size_t c = 0; c < count; ++c) dx[c] += chosen[c] == place ? dy[c] : 0;
}

void fk_max_pool_gradient(const float *dy, const uint8_t *chosen, const fk_pool_shape *s,
                          size_t first, size_t end, float *dx) {
  const size_t channels = s->channels;
  for (size_t iy = first; iy < end; ++iy)
    for (size_t ix = 0; ix < s->width; ++ix) {
      float *out = dx + (iy * s->width + ix) * channels;
      memset(out, 0, channels * sizeof(float));
      for (size_t k = 0; k < s->kernel * s->kernel; ++k) {
        const long y = (long)iy + s->padding - (long)(k / s->kernel);
        const long x = (long)ix + s->padding - (long)(k % s->kernel);
        const long stride = (long)s->stride;
        if (y < 0 || x < 0 || y % stride || x % stride) continue;
        if (y / stride >= (long)s->out_height || x / stride >= (long)s->out_width) continue;
        const size_t at = ((size_t)(y / stride) * s->out_width + (size_t)(x / stride)) * channels;
        add_where(dy + at, chosen + at, (uint8_t)k, channels, out);
      }
    }
}
