#include "fk_quantized.h"

#include <math.h>
#include <string.h>

#include "fk_cpu.h"
#include "fk_threads.h"
#include "quantized_tile.h"
#include "size_inline.h"

typedef void (*tile_function)(int rows, const fk_quantized_tile *tile);

// Weights that one sweep over the rows uses stay in L2; multiplications of a task.
enum { B_BLOCK_BYTES = 512 << 10, WORK_PER_TASK = 16 << 20 };

bool fk_has_byte_products(void) {
#if defined(__x86_64__)
  return fk_cpu_level() == FK_CPU_AVX512 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

size_t fk_quantized_packed_count(size_t k, size_t n) {
  return divided_up(n, FK_PANEL) * FK_PANEL * k;
}

void fk_quantized_pack(const float *b, size_t k, size_t n, const float *step, int8_t *packed) {
  memset(packed, 0, fk_quantized_packed_count(k, n));
  for (size_t i = 0; i < k; ++i)
    for (size_t j = 0; j < n; ++j) {
      const float whole = rintf(b[i * n + j] / step[j]);
      int8_t *quad = packed + ((j / FK_PANEL * k / 4 + i / 4) * FK_PANEL + j % FK_PANEL) * 4;
      quad[i % 4] = (int8_t)fmaxf(-127, fminf(127, whole));
    }
}

static inline __attribute__((always_inline)) uint8_t byte(float x) {
  return (uint8_t)(int32_t)rintf(fminf(255, fmaxf(0, x)));
}

FK_CLONES void fk_quantize(const float *x, float scale, uint8_t *out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = byte(x[i] * scale);
}

FK_CLONES void fk_quantized_finish_row(const fk_quantized_job *job, const int32_t *sums, size_t row,
                                       size_t column) {
  const size_t count = smaller(FK_PANEL, job->columns - column);
  float y[FK_PANEL];
  for (size_t n = 0; n < count; ++n)
    y[n] = (float)sums[n] * job->scale[column + n] + job->bias[column + n];
  if (job->residual) {
    const float *from = job->residual + row * job->columns + column;
    for (size_t n = 0; n < count; ++n) y[n] += from[n];
  }
  if (job->byte_residual) {
    const uint8_t *from = job->byte_residual + row * job->columns + column;
    for (size_t n = 0; n < count; ++n) y[n] += (float)from[n] * job->byte_residual_scale;
  }
  if (job->relu)
    for (size_t n = 0; n < count; ++n) y[n] = y[n] <= 0 ? 0 : y[n];
  if (job->floats) {
    memcpy(job->floats + row * job->columns + column, y, count * sizeof(float));
    return;
  }
  uint8_t *to = (uint8_t *)fk_target_row(&job->bytes, row) + column;
  for (size_t n = 0; n < count; ++n) to[n] = byte(y[n]);
}

FK_CLONES void fk_quantized_tile_base(int rows, const fk_quantized_tile *t) {
  for (int r = 0; r < rows; ++r) {
    int32_t sums[FK_PANEL] = {0};
    const int8_t *b = t->packed;
    for (size_t s = 0; s < t->segments; ++s) {
      const uint8_t *a = t->rows[r] + s * t->segment_stride * 4;
      for (size_t k = 0; k < t->length; ++k, a += 4, b += 4 * FK_PANEL)
        for (int n = 0; n < FK_PANEL; ++n)
          sums[n] += a[0] * b[4 * n] + a[1] * b[4 * n + 1] + a[2] * b[4 * n + 2] +
                     a[3] * b[4 * n + 3];
    }
    fk_quantized_finish_row(t->job, sums, t->row + r, t->column);
  }
}

static tile_function choose_tile(void) {
#if defined(__x86_64__)
  if (fk_has_byte_products()) return fk_quantized_tile_vnni;
#endif
  return fk_quantized_tile_base;
}

typedef struct {
  const fk_quantized_job *job;
  tile_function kernel;
  size_t row_parts, rows, panels;
} parts;

static void run_part(void *context, size_t index) {
  const parts *p = context;
  const fk_quantized_job *job = p->job;
  const fk_rows *a = &job->a;
  const size_t first = index % p->row_parts * p->rows;
  const size_t count = smaller(job->row_count - first, p->rows);
  const size_t first_panel = index / p->row_parts * p->panels;
  const size_t end_panel = smaller(divided_up(job->columns, FK_PANEL), first_panel + p->panels);
  const size_t quads = a->segments * a->length, blocks = divided_up(count, FK_MOST_ROWS);
  for (size_t block = 0; block < blocks; ++block) {  // of as equal a height as can be
    const size_t row = first + count * block / blocks;
    const int rows = (int)(first + count * (block + 1) / blocks - row);
    fk_quantized_tile tile = {.job = job,
                              .row = row,
                              .segments = a->segments,
                              .length = a->length,
                              .segment_stride = a->segment_stride};
    for (int r = 0; r < rows; ++r) tile.rows[r] = (const uint8_t *)fk_row(a, row + r);
    for (size_t panel = first_panel; panel < end_panel; ++panel) {
      tile.column = panel * FK_PANEL;
      tile.packed = job->packed + tile.column * quads * 4;
      p->kernel(rows, &tile);
    }
  }
}

void fk_quantized(const fk_quantized_job *job) {
  if (job->row_count == 0 || job->columns == 0) return;
  const size_t quads = larger(1, job->a.segments * job->a.length);
  const size_t all_panels = divided_up(job->columns, FK_PANEL);
  parts p = {.job = job, .kernel = choose_tile()};
  p.panels = larger(1, smaller(all_panels, B_BLOCK_BYTES / (quads * 4 * FK_PANEL)));
  p.panels = divided_up(all_panels, divided_up(all_panels, p.panels));
  const size_t work_of_row = quads * 4 * p.panels * FK_PANEL;
  p.rows = larger(1, WORK_PER_TASK / work_of_row / FK_MOST_ROWS) * FK_MOST_ROWS;
  p.row_parts = divided_up(job->row_count, p.rows);
  fk_parallel_for(p.row_parts * divided_up(all_panels, p.panels), &p, run_part);
}
