#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma"))), apply_to = function)
#include <immintrin.h>
#include <string.h>

#include "quantized_tile.h"

#define UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) __m512i quad(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(four);
}

static inline __attribute__((always_inline)) __m512 floats_of_bytes(const uint8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

// What follows the sums of a full panel, 16 columns at a time.
static inline __attribute__((always_inline)) void finish(const int rows, __m512i sum[][2],
                                                         const fk_quantized_tile *t) {
  const fk_quantized_job *job = t->job;
  UNROLL for (int v = 0; v < 2; ++v) {
    const size_t column = t->column + 16 * v;
    const __m512 scale = _mm512_loadu_ps(job->scale + column);
    const __m512 bias = _mm512_loadu_ps(job->bias + column);
    const __m512 step = _mm512_set1_ps(job->byte_residual_scale);
    UNROLL for (int r = 0; r < rows; ++r) {
      const size_t place = (t->row + r) * job->columns + column;
      __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][v]), scale, bias);
      if (job->residual) y = _mm512_add_ps(y, _mm512_loadu_ps(job->residual + place));
      if (job->byte_residual)
        y = _mm512_fmadd_ps(floats_of_bytes(job->byte_residual + place), step, y);
      if (job->relu) y = _mm512_max_ps(y, _mm512_setzero_ps());
      if (job->floats) {
        _mm512_storeu_ps(job->floats + place, y);
      } else {
        const __m512i whole = _mm512_cvtps_epi32(_mm512_max_ps(y, _mm512_setzero_ps()));
        uint8_t *to = (uint8_t *)fk_target_row(&job->bytes, t->row + r) + column;
        _mm_storeu_si128((__m128i *)to, _mm512_cvtusepi32_epi8(whole));
      }
    }
  }
}

static inline __attribute__((always_inline)) void tile(const int rows,
                                                       const fk_quantized_tile *t) {
  __m512i sum[FK_MOST_ROWS][2];
  UNROLL for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_si512();
  const int8_t *b = t->packed;
  const size_t length = t->length;
  for (size_t s = 0; s < t->segments; ++s) {
    const uint8_t *a[FK_MOST_ROWS];
    UNROLL for (int r = 0; r < rows; ++r) a[r] = t->rows[r] + s * t->segment_stride * 4;
    _Pragma("clang loop unroll_count(2)") for (size_t k = 0; k < length; ++k) {
      const __m512i b0 = _mm512_load_si512(b), b1 = _mm512_load_si512(b + 64);
      __builtin_prefetch(b + 2048);
      __builtin_prefetch(b + 2048 + 64);
      UNROLL for (int r = 0; r < rows; ++r) {
        const __m512i four = quad(a[r] + 4 * k);
        sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], four, b0);
        sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], four, b1);
      }
      b += 4 * FK_PANEL;
    }
  }
  if (t->column + FK_PANEL <= t->job->columns) {
    finish(rows, sum, t);
    return;
  }
  UNROLL for (int r = 0; r < rows; ++r) {
    int32_t sums[FK_PANEL] __attribute__((aligned(64)));
    _mm512_store_si512(sums, sum[r][0]);
    _mm512_store_si512(sums + 16, sum[r][1]);
    fk_quantized_finish_row(t->job, sums, t->row + r, t->column);
  }
}

#define CASE(n) \
  case n: tile(n, t); break;

void fk_quantized_tile_vnni(int rows, const fk_quantized_tile *t) {
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
  }
}
#pragma clang attribute pop
#endif
