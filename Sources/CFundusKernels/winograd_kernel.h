// The transforms of F(4x4, 3x3), included after gemm_kernel.h for each instruction set. One-dimensional
// transforms, applied to the columns and then to the rows of a tile, a vector of channels at a time.

// B^T d. The rows for +-A and +-B share their even and odd halves.
static inline __attribute__((always_inline)) void input6(const vec *d, int step, vec *t) {
  const float a = FK_A, b = FK_B, aa = a * a, bb = b * b;
  const vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
            d5 = d[5 * step];
  const vec even_a = d4 - bb * d2, odd_a = d3 - bb * d1;
  const vec even_b = d4 - aa * d2, odd_b = d3 - aa * d1;
  t[0] = aa * bb * d0 - (aa + bb) * d2 + d4;
  t[1] = even_a + a * odd_a;
  t[2] = even_a - a * odd_a;
  t[3] = even_b + b * odd_b;
  t[4] = even_b - b * odd_b;
  t[5] = aa * bb * d1 - (aa + bb) * d3 + d5;
}

// A^T m
static inline __attribute__((always_inline)) void output4(const vec *m, int step, vec *y,
                                                          int y_step) {
  const float a = FK_A, b = FK_B;
  const vec sum_a = m[step] + m[2 * step], difference_a = m[step] - m[2 * step];
  const vec sum_b = m[3 * step] + m[4 * step], difference_b = m[3 * step] - m[4 * step];
  y[0] = m[0] + sum_a + sum_b;
  y[y_step] = a * difference_a + b * difference_b;
  y[2 * y_step] = a * a * sum_a + b * b * sum_b;
  y[3 * y_step] = a * a * a * difference_a + b * b * b * difference_b + m[5 * step];
}

// A y
static inline __attribute__((always_inline)) void gradient6(const vec *y, int step, vec *t) {
  const float a = FK_A, b = FK_B;
  const vec y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  const vec even_a = y0 + a * a * y2, odd_a = a * y1 + a * a * a * y3;
  const vec even_b = y0 + b * b * y2, odd_b = b * y1 + b * b * b * y3;
  t[0] = y0;
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = y3;
}

static void input_transform(const float *const pixels[36], size_t channels, float *v,
                            size_t stride) {
  for (size_t c = 0; c < channels; c += FK_VL) {
    vec t[36], u[6];
    UNROLL for (int x = 0; x < 6; ++x) {
      vec d[6];
      UNROLL for (int y = 0; y < 6; ++y) d[y] = load(pixels[y * 6 + x] + c);
      input6(d, 1, u);
      UNROLL for (int y = 0; y < 6; ++y) t[y * 6 + x] = u[y];
    }
    UNROLL for (int y = 0; y < 6; ++y) {
      input6(t + y * 6, 1, u);
      UNROLL for (int x = 0; x < 6; ++x) store(v + (y * 6 + x) * stride + c, u[x]);
    }
  }
}

static void output_transform(const float *m, size_t stride, size_t count, float *const results[16],
                             const float *bias, const float *const residual[16], bool is_relu) {
  for (size_t c = 0; c < count; c += FK_VL) {
    vec t[24], y[4];
    UNROLL for (int x = 0; x < 6; ++x) {
      vec d[6];
      UNROLL for (int i = 0; i < 6; ++i) d[i] = load(m + (i * 6 + x) * stride + c);
      output4(d, 1, t + x, 6);
    }
    const vec b = bias ? load(bias + c) : (vec){0};
    UNROLL for (int i = 0; i < 4; ++i) {
      output4(t + i * 6, 1, y, 1);
      UNROLL for (int x = 0; x < 4; ++x) {
        vec value = y[x] + b;
        if (residual) value += load(residual[i * 4 + x] + c);
        if (is_relu) value = relu(value);
        store(results[i * 4 + x] + c, value);
      }
    }
  }
}

static void gradient_transform(const float *const pixels[16], size_t count, float *v,
                               size_t stride) {
  for (size_t c = 0; c < count; c += FK_VL) {
    vec t[24], u[6];
    UNROLL for (int x = 0; x < 4; ++x) {
      vec d[4];
      UNROLL for (int y = 0; y < 4; ++y) d[y] = load(pixels[y * 4 + x] + c);
      gradient6(d, 1, u);
      UNROLL for (int y = 0; y < 6; ++y) t[y * 4 + x] = u[y];
    }
    UNROLL for (int y = 0; y < 6; ++y) {
      gradient6(t + y * 4, 1, u);
      UNROLL for (int x = 0; x < 6; ++x) store(v + (y * 6 + x) * stride + c, u[x]);
    }
  }
}

// Both factors are read along their rows, as products with a transposed first factor need it.
static inline __attribute__((always_inline)) void outer_tile(const int rows, const float *a,
                                                             size_t a_stride, const float *b,
                                                             size_t b_stride, size_t count,
                                                             float *c, size_t c_stride) {
  vec acc[FK_ROWS][FK_NV];
  EACH acc[r][v] = load(c + r * c_stride + v * FK_VL);
  for (size_t t = 0; t < count; ++t) {
    vec row[FK_NV];
    UNROLL for (int v = 0; v < FK_NV; ++v) row[v] = load(b + v * FK_VL);
    EACH acc[r][v] += a[r] * row[v];
    a += a_stride;
    b += b_stride;
  }
  EACH store(c + r * c_stride + v * FK_VL, acc[r][v]);
}

#define OUTER_CASE(n)                                                                       \
  case n:                                                                                   \
    for (size_t j = 0; j < FK_PANEL; j += COLUMNS)                                          \
      outer_tile(n, a, a_stride, b + j, b_stride, count, c + j, c_stride);                  \
    break;

static void outer(int rows, const float *a, size_t a_stride, const float *b, size_t b_stride,
                  size_t count, float *c, size_t c_stride) {
  switch (rows) {
    OUTER_CASE(1) OUTER_CASE(2) OUTER_CASE(3) OUTER_CASE(4) OUTER_CASE(5) OUTER_CASE(6)
#if FK_ROWS > 6
    OUTER_CASE(7) OUTER_CASE(8) OUTER_CASE(9) OUTER_CASE(10) OUTER_CASE(11) OUTER_CASE(12)
    OUTER_CASE(13) OUTER_CASE(14)
#endif
  }
}

const fk_vector_kernels FK_KERNELS = {FK_ROWS,          FK_TILE,            input_transform,
                                      output_transform, gradient_transform, outer};
