// Separable resampling. Rows first: that pass reads the image once, is contiguous whatever the
// number of channels, and leaves the column pass only the rows of the result.
#include "fk_resample.h"

enum { BLOCK = 64 };

// The sums of a block of columns stay in registers while the rows pass by.
#define ROWS(name, type)                                                                        \
  FK_CLONES void name(const type *rows, size_t stride, size_t taps, const float *weights,       \
                      float *out, size_t count) {                                               \
    size_t j = 0;                                                                               \
    for (; j + BLOCK <= count; j += BLOCK) {                                                    \
      float sum[BLOCK];                                                                         \
      for (int i = 0; i < BLOCK; ++i) sum[i] = 0;                                               \
      for (size_t k = 0; k < taps; ++k) {                                                       \
        const type *row = rows + k * stride + j;                                                \
        float weight = weights[k];                                                              \
        for (int i = 0; i < BLOCK; ++i) sum[i] += weight * (float)row[i];                       \
      }                                                                                         \
      for (int i = 0; i < BLOCK; ++i) out[j + i] = sum[i];                                      \
    }                                                                                           \
    for (; j < count; ++j) {                                                                    \
      float sum = 0;                                                                            \
      for (size_t k = 0; k < taps; ++k) sum += weights[k] * (float)rows[k * stride + j];        \
      out[j] = sum;                                                                             \
    }                                                                                           \
  }

ROWS(fk_resample_rows_u8, uint8_t)
ROWS(fk_resample_rows_f32, float)

typedef float quad __attribute__((vector_size(16)));
typedef float loose_quad __attribute__((vector_size(16), aligned(4), may_alias));

// Three channels travel as four; the fourth is the neighbor's first and is overwritten after.
FK_CLONES static void columns_of_three(const float *row, const int32_t *first,
                                       const float *weights, long taps, float *out,
                                       long columns) {
  for (long o = 0; o < columns; ++o) {
    const float *source = row + 3L * first[o];
    const float *weight = weights + o * taps;
    quad even = {0, 0, 0, 0}, odd = {0, 0, 0, 0};
    long k = 0;
    for (; k + 1 < taps; k += 2) {
      even += weight[k] * *(const loose_quad *)(source + 3 * k);
      odd += weight[k + 1] * *(const loose_quad *)(source + 3 * k + 3);
    }
    if (k < taps) even += weight[k] * *(const loose_quad *)(source + 3 * k);
    even += odd;
    if (o + 1 < columns) {
      *(loose_quad *)(out + 3 * o) = even;
    } else {
      for (int c = 0; c < 3; ++c) out[3 * o + c] = even[c];
    }
  }
}

FK_CLONES static void columns_of_any(const float *row, const int32_t *first, const float *weights,
                                     long taps, float *out, long columns, long channels) {
  for (long o = 0; o < columns; ++o) {
    const float *source = row + channels * first[o];
    for (long c = 0; c < channels; ++c) out[o * channels + c] = 0;
    for (long k = 0; k < taps; ++k)
      for (long c = 0; c < channels; ++c)
        out[o * channels + c] += weights[o * taps + k] * source[k * channels + c];
  }
}

void fk_resample_columns(const float *row, const int32_t *first, const float *weights, long taps,
                         float *out, long columns, long channels) {
  if (channels == 3)
    columns_of_three(row, first, weights, taps, out, columns);
  else
    columns_of_any(row, first, weights, taps, out, columns, channels);
}
