#include "fk_search.h"

#include <math.h>

FK_CLONES bool fk_encode_rows(const float *x, size_t rows, size_t columns, int8_t *codes,
                              float *scales, float *residuals) {
  for (size_t r = 0; r < rows; ++r) {
    const float *row = x + r * columns;
    int8_t *code = codes + r * columns;
    float largest = 0, sum = 0;
    for (size_t c = 0; c < columns; ++c) {
      const float size = __builtin_fabsf(row[c]);
      largest = size > largest ? size : largest;
      sum += size * 0;  // NaN and infinities leave a NaN
    }
    if (sum != 0) return false;
    const float scale = largest / 127, inverse = largest > 0 ? 127 / largest : 0;
    double rest = 0;
    for (size_t c = 0; c < columns; ++c) {
      const float rounded = __builtin_rintf(row[c] * inverse);
      code[c] = (int8_t)(rounded > 127 ? 127 : rounded < -127 ? -127 : rounded);
      const double difference = (double)row[c] - (double)scale * code[c];
      rest += difference * difference;
    }
    scales[r] = scale;
    // Rounded up, so that it stays a bound.
    residuals[r] = (float)(sqrt(rest) * (1 + 1e-6));
  }
  return true;
}

FK_CLONES static int32_t code_product(const int8_t *codes, const int16_t *query, size_t columns) {
  int32_t sum = 0;
  for (size_t c = 0; c < columns; ++c) sum += (int32_t)codes[c] * (int32_t)query[c];
  return sum;
}

void fk_code_bounds(const int8_t *codes, const float *scales, const float *residuals, size_t rows,
                    size_t columns, const int16_t *query, float query_scale, float query_norm,
                    float query_residual, float *lower, float *upper) {
  // |x| <= scale * 127 * sqrt(columns); 4e-6 covers the rounding of single-precision products.
  const float length = 127 * sqrtf((float)columns);
  const float rounding = 4e-6f * query_norm + query_residual;
  for (size_t r = 0; r < rows; ++r) {
    const int32_t product = code_product(codes + r * columns, query, columns);
    const float value = scales[r] * query_scale * (float)product;
    const float error = residuals[r] * query_norm + scales[r] * length * rounding +
                        1e-6f * __builtin_fabsf(value);
    lower[r] = value - error;
    upper[r] = value + error;
  }
}

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

FK_CLONES float fk_inner_product(const float *row, const float *query, size_t columns) {
  lanes first = {0}, second = {0};
  size_t c = 0;
  for (; c + 2 * LANES <= columns; c += 2 * LANES) {
    first += *(const lanes *)(row + c) * *(const lanes *)(query + c);
    second += *(const lanes *)(row + c + LANES) * *(const lanes *)(query + c + LANES);
  }
  first += second;
  float sum = 0;
  for (int lane = 0; lane < LANES; ++lane) sum += first[lane];
  for (; c < columns; ++c) sum += row[c] * query[c];
  return sum;
}
