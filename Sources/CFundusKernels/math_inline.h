// Functions without branches or tables, so that the compiler can turn a loop over them into vector
// code for any instruction set. Private to the kernels.
#ifndef FK_MATH_INLINE_H
#define FK_MATH_INLINE_H
#include <stdint.h>
#include <string.h>

// For loops over rows that may be as short as 16 or 32 elements: without it the compiler works on 64
// at a time and leaves short rows to its scalar remainder (GELU of rows of 32 ran 14 times slower).
// Input and output may be the same array, which would send a loop that checks for it to scalar code.
#define FK_SHORT_LOOP \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(16) interleave_count(1)")

// e^x: x = n ln 2 + r with |r| <= ln 2 / 2, and e^r as a polynomial (minimax fit, 3e-9 relative).
// Within 1.1 units in the last place; 0 below -86.99, infinity above 88.72, NaN for NaN.
static inline __attribute__((always_inline)) float fk_exp(float x) {
  x = x > 88.73f ? 88.73f : x;
  x = x < -87.5f ? -87.5f : x;
  // Adding 1.5 * 2^23 rounds to the nearest integer, which is left in the low bits.
  float shifted = x * 1.44269504f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;  // 10 bits, so that the product is exact
  r = r - n * -2.12194440e-4f;
  float p = 0.0013814226f;
  p = p * r + 0.0083688986f;
  p = p * r + 0.0416684056f;
  p = p * r + 0.1666651913f;
  p = p * r + 0.4999999335f;
  p = p * r * r + r + 1.0f;
  // 2^(n-1), doubled through p: so n = 128 overflows to infinity and n = -126 gives 0.
  uint32_t bits;
  memcpy(&bits, &shifted, 4);
  bits = (bits << 23) + (126u << 23);
  float scale;
  memcpy(&scale, &bits, 4);
  return (p + p) * scale;
}

// tanh: odd polynomial below 0.625 (minimax fit, 4.4e-9 relative), (1 - e^-2|x|) / (1 + e^-2|x|) above, where
// the subtraction is harmless. Within 2 units in the last place; NaN for NaN.
static inline __attribute__((always_inline)) float fk_tanh(float x) {
  float t = x < 0 ? -x : x, z = x * x;
  float p = -0.0057050001f;
  p = p * z + 0.0206390996f;
  p = p * z + -0.0537397191f;
  p = p * z + 0.1333144158f;
  p = p * z + -0.3333328068f;
  float e = fk_exp(-2.0f * t);
  float far = (1.0f - e) / (1.0f + e);
  return t < 0.625f ? x * (1.0f + z * p) : x < 0 ? -far : far;
}

// The standard normal distribution Phi(x) = (1 + erf(x / sqrt 2)) / 2, and its density's
// exponential e^(-x^2/2), which is there anyway. For t = |x|, Phi(-t) = e^(-t^2/2) u P(u) with
// u = 1 / (1 + 0.23 t) and P of degree 7 (fit by us to 3.6e-8 relative for t <= 6).
static inline __attribute__((always_inline)) float fk_normal_cdf(float x, float *exponential) {
  float t = x < 0 ? -x : x;
  float e = fk_exp(-0.5f * t * t);
  float u = 1.0f / (1.0f + 0.23f * t);
  float p = -0.0762342035f;
  p = p * u + 0.2789960189f;
  p = p * u + -0.2531770082f;
  p = p * u + 0.2711047659f;
  p = p * u + -0.0104562195f;
  p = p * u + 0.1092023178f;
  p = p * u + 0.0886214246f;
  p = p * u + 0.0919428863f;
  float tail = p * u * e;
  *exponential = e;
  return x < 0 ? tail : 1.0f - tail;
}

static inline __attribute__((always_inline)) float fk_gelu_scalar(float x) {
  float unused;
  return x * fk_normal_cdf(x, &unused);
}

// d/dx x Phi(x) = Phi(x) + x phi(x)
static inline __attribute__((always_inline)) float fk_gelu_slope(float x) {
  float e, cdf = fk_normal_cdf(x, &e);
  return cdf + x * e * 0.398942280f;
}

#endif
