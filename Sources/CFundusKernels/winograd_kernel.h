// The transforms of a tile of 4x4 results, included after gemm_kernel.h for each instruction set.
// One-dimensional transforms, applied to the columns and then to the rows of a tile (or the other way
// round), a vector of channels at a time.

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

// The even pixels of stride 2, which meet two taps: F(4, 2) at the points of F(4, 3) but 0. Its rows of B^T
// are those of input6, one element further; t[0] is not used.
static inline __attribute__((always_inline)) void even_input(const vec e[5], vec t[6]) {
  const vec shifted[6] = {e[0], e[0], e[1], e[2], e[3], e[4]};
  input6(shifted, 1, t);
}

// Nine pixels of stride 2. The four odd ones meet the middle tap alone and stay as they are.
static inline __attribute__((always_inline)) void input9(const vec d[9], vec t[9]) {
  const vec even[5] = {d[0], d[2], d[4], d[6], d[8]};
  vec u[6];
  even_input(even, u);
  UNROLL for (int i = 0; i < 4; ++i) t[i] = d[2 * i + 1];
  UNROLL for (int i = 4; i < 9; ++i) t[i] = u[i - 3];
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

// The same for stride 2: what the odd pixels give, m[0] to m[3], is added to the results as it is.
static inline __attribute__((always_inline)) void output9(const vec *m, int step, vec *y,
                                                          int y_step) {
  const vec even[6] = {m[0],        m[4 * step], m[5 * step],
                       m[6 * step], m[7 * step], m[8 * step]};
  output4(even, 1, y, y_step);
  UNROLL for (int i = 1; i < 4; ++i) y[i * y_step] += m[i * step];
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

static void input_transform(const float *const *pixels, size_t channels, float *v,
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

// Rows first: those of odd pixels are finished then, and fewer vectors wait for their columns.
static void strided_input_transform(const float *const *pixels, size_t channels, float *v,
                                    size_t stride) {
  for (size_t c = 0; c < channels; c += FK_VL) {
    vec t[9][5], u[9];
    UNROLL for (int y = 0; y < 9; ++y) {
      vec d[9];
      UNROLL for (int x = 0; x < 9; ++x) d[x] = load(pixels[y * 9 + x] + c);
      // Where the next tile's pixels lie, too scattered for the processor to foresee.
      UNROLL for (int x = 1; x < 9; ++x) __builtin_prefetch(pixels[y * 9 + x] + c + 8 * channels);
      input9(d, u);
      UNROLL for (int x = 0; x < 9; ++x) {
        if (y % 2 == 0) t[x][y / 2] = u[x];
        else store(v + (y / 2 * 9 + x) * stride + c, u[x]);
      }
    }
    UNROLL for (int x = 0; x < 9; ++x) {
      even_input(t[x], u);
      UNROLL for (int y = 4; y < 9; ++y) store(v + (y * 9 + x) * stride + c, u[y - 3]);
    }
  }
}

// For `side` x `side` products: 6 for stride 1, 9 for stride 2.
static inline __attribute__((always_inline)) void transform_output(
    const int side, const float *m, size_t stride, size_t count, float *const results[16],
    const float *bias, const float *const residual[16], bool is_relu) {
  for (size_t c = 0; c < count; c += FK_VL) {
    vec t[4 * 9], y[4];
    UNROLL for (int x = 0; x < side; ++x) {
      vec d[9];
      UNROLL for (int i = 0; i < side; ++i) d[i] = load(m + (i * side + x) * stride + c);
      side == 6 ? output4(d, 1, t + x, side) : output9(d, 1, t + x, side);
    }
    const vec b = bias ? load(bias + c) : (vec){0};
    UNROLL for (int i = 0; i < 4; ++i) {
      side == 6 ? output4(t + i * side, 1, y, 1) : output9(t + i * side, 1, y, 1);
      UNROLL for (int x = 0; x < 4; ++x) {
        vec value = y[x] + b;
        if (residual) value += load(residual[i * 4 + x] + c);
        if (is_relu) value = relu(value);
        store(results[i * 4 + x] + c, value);
      }
    }
  }
}

static void output_transform(const float *m, size_t stride, size_t count, float *const results[16],
                             const float *bias, const float *const residual[16], bool is_relu) {
  transform_output(6, m, stride, count, results, bias, residual, is_relu);
}

static void strided_output_transform(const float *m, size_t stride, size_t count,
                                     float *const results[16], const float *bias,
                                     const float *const residual[16], bool is_relu) {
  transform_output(9, m, stride, count, results, bias, residual, is_relu);
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

const fk_vector_kernels FK_KERNELS = {
    FK_ROWS,
    FK_TILE,
    {input_transform, strided_input_transform},
    {output_transform, strided_output_transform},
    gradient_transform,
    outer,
};
