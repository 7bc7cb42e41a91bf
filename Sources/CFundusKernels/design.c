#include "fk_design.h"

// Eight partial sums, so that the order of additions is the same for every instruction set and the
// compiler may keep them in vectors.
enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8)));

FK_CLONES static void widen(const float *x, size_t count, double *wide) {
  for (size_t i = 0; i < count; ++i) wide[i] = x[i];
}

FK_CLONES static double dot(const double *a, const double *b, size_t count) {
  lanes first = {0}, second = {0};
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    first += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    second += *(const lanes *)(a + i + LANES) * *(const lanes *)(b + i + LANES);
  }
  first += second;
  double sum = ((first[0] + first[1]) + (first[2] + first[3])) +
               ((first[4] + first[5]) + (first[6] + first[7]));
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

FK_CLONES static void add_scaled4(const double *x, size_t stride, size_t columns, const double *r,
                                  size_t step, double *gradient) {
  const double r0 = r[0], r1 = r[step], r2 = r[2 * step], r3 = r[3 * step];
  const double *x0 = x, *x1 = x + stride, *x2 = x + 2 * stride, *x3 = x + 3 * stride;
  for (size_t c = 0; c < columns; ++c)
    gradient[c] += (r0 * x0[c] + r1 * x1[c]) + (r2 * x2[c] + r3 * x3[c]);
}

FK_CLONES static void add_scaled(const double *x, size_t columns, double r, double *gradient) {
  for (size_t c = 0; c < columns; ++c) gradient[c] += r * x[c];
}

void fk_design_scores(const float *x, size_t rows, size_t columns, const double *weights,
                      size_t outputs, double *wide, double *scores) {
  for (size_t r = 0; r < rows; ++r) {
    widen(x + r * columns, columns, wide + r * columns);
    for (size_t k = 0; k < outputs; ++k)
      scores[r * outputs + k] = dot(wide + r * columns, weights + k * columns, columns);
  }
}

void fk_design_gradient(const double *wide, size_t rows, size_t columns, const double *residuals,
                        size_t outputs, double *gradient) {
  for (size_t k = 0; k < outputs; ++k) {
    size_t r = 0;
    for (; r + 4 <= rows; r += 4)
      add_scaled4(wide + r * columns, columns, columns, residuals + r * outputs + k, outputs,
                  gradient + k * columns);
    for (; r < rows; ++r)
      add_scaled(wide + r * columns, columns, residuals[r * outputs + k], gradient + k * columns);
  }
}
