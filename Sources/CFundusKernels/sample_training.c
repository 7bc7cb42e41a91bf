#include "fk_sample_training.h"

#include <math.h>
#include <string.h>

// Sixteen partial sums give the same order of additions for every instruction set.
enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

FK_CLONES static float dot(const float *a, const float *b, size_t count) {
  lanes sums = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) sums += *(const lanes *)(a + i) * *(const lanes *)(b + i);
  float sum = 0;
  for (int lane = 0; lane < LANES; ++lane) sum += sums[lane];
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void fk_matvec(const float *w, size_t rows, size_t columns, const float *x, float *y) {
  for (size_t r = 0; r < rows; ++r) y[r] = dot(w + r * columns, x, columns);
}

FK_CLONES static void add_scaled(const float *a, size_t count, float scale, float *out) {
  for (size_t i = 0; i < count; ++i) out[i] += scale * a[i];
}

void fk_matvec_transposed(const float *w, size_t rows, size_t columns, const float *delta,
                          float *y) {
  memset(y, 0, columns * sizeof(float));
  for (size_t r = 0; r < rows; ++r)
    if (delta[r] != 0) add_scaled(w + r * columns, columns, delta[r], y);
}

FK_CLONES static void step_row(float *restrict w, float *restrict first, float *restrict second,
                               size_t columns, float delta, const float *restrict x,
                               fk_adamw_step s) {
  for (size_t c = 0; c < columns; ++c) {
    const float gradient = delta * x[c];
    const float m = first[c] + (gradient - first[c]) * (1 - s.beta1);
    const float v = second[c] * s.beta2 + (1 - s.beta2) * gradient * gradient;
    first[c] = m;
    second[c] = v;
    w[c] = w[c] * s.decay - s.step * m / (__builtin_elementwise_sqrt(v) / s.root + s.epsilon);
  }
}

void fk_adamw_outer(float *w, float *first, float *second, size_t rows, size_t columns,
                    const float *delta, const float *x, fk_adamw_step step) {
  for (size_t r = 0; r < rows; ++r)
    step_row(w + r * columns, first + r * columns, second + r * columns, columns, delta[r], x,
             step);
}
