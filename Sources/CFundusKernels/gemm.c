#include "fk_gemm.h"

#include <string.h>

#include "fk_activation.h"
#include "fk_cpu.h"
#include "fk_threads.h"
#include "gemm_tile.h"

typedef void (*tile_function)(int rows, const fk_tile *tile);

// Columns of B that one sweep over the rows uses stay in L2 (of which this is a part).
enum { B_BLOCK_BYTES = 768 << 10, LARGEST_COPY = 4096, WORK_PER_TASK = 4 << 20, LEAST_WORK = 1 << 18 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static tile_function choose_tile(int *rows) {
#if defined(__x86_64__)
  switch (fk_cpu_level()) {
    case FK_CPU_AVX512: *rows = 14; return fk_gemm_tile_avx512;
    case FK_CPU_AVX2: *rows = 6; return fk_gemm_tile_avx2;
  }
#endif
  *rows = 6;
  return fk_gemm_tile_base;
}

size_t fk_gemm_packed_count(size_t k, size_t n) { return divided_up(n, FK_PANEL) * FK_PANEL * k; }

FK_CLONES void fk_gemm_pack(const float *b, size_t k, size_t n, size_t k_stride, size_t n_stride,
                            size_t first_panel, size_t end_panel, float *packed) {
  for (size_t panel = first_panel; panel < end_panel; ++panel) {
    const float *from = b + panel * FK_PANEL * n_stride;
    float *to = packed + panel * FK_PANEL * k;
    size_t columns = smaller(FK_PANEL, n - panel * FK_PANEL);
    if (columns < FK_PANEL) memset(to, 0, k * FK_PANEL * sizeof(float));
    if (n_stride == 1) {
      for (size_t i = 0; i < k; ++i)
        memcpy(to + i * FK_PANEL, from + i * k_stride, columns * sizeof(float));
      continue;
    }
    enum { BLOCK = 16 };  // a transpose: in small blocks, so that both sides stay in L1
    for (size_t i0 = 0; i0 < k; i0 += BLOCK)
      for (size_t j = 0; j < columns; ++j)
        for (size_t i = i0; i < smaller(k, i0 + BLOCK); ++i)
          to[i * FK_PANEL + j] = from[i * k_stride + j * n_stride];
  }
}

static const float *row_start(const fk_rows *a, size_t m) {
  if (m < a->width) return a->base + m * a->row_stride;
  size_t line = m / a->width, x = m % a->width;
  size_t item = line / a->height, y = line % a->height;
  return a->base + item * a->item_stride + y * a->line_stride + x * a->row_stride;
}

// Rows that lie a multiple of 4 KiB apart fall into the same sets of the L1 cache and throw each
// other out. They are copied next to each other (and a line further each) first.
static void copy_rows(fk_tile *tile, int rows, float *copy) {
  size_t k = tile->segments * tile->length, stride = divided_up(k, 16) * 16 + 16;
  for (int r = 0; r < rows; ++r) {
    for (size_t s = 0; s < tile->segments; ++s)
      memcpy(copy + r * stride + s * tile->length, tile->rows[r] + s * tile->segment_stride,
             tile->length * sizeof(float));
    tile->rows[r] = copy + r * stride;
  }
  tile->segments = 1;
  tile->length = k;
}

// One panel for a few rows. A panel that is not full goes through a buffer.
static void run_tile(const fk_gemm_job *job, tile_function kernel, fk_tile *tile, int rows,
                     size_t row, size_t panel) {
  const size_t column = panel * FK_PANEL, columns = smaller(FK_PANEL, job->columns - column);
  float *c = job->c + row * job->c_stride + column;
  const float *residual =
      job->residual ? job->residual + row * job->residual_stride + column : NULL;
  tile->packed = job->packed + column * tile->segments * tile->length;
  tile->bias = job->bias ? job->bias + column : NULL;
  if (columns == FK_PANEL) {
    tile->c = c;
    tile->c_stride = job->c_stride;
    tile->residual = residual;
    tile->residual_stride = job->residual_stride;
    kernel(rows, tile);
  } else {
    float out[FK_MOST_ROWS * FK_PANEL], added[FK_MOST_ROWS * FK_PANEL], bias[FK_PANEL] = {0};
    if (job->bias) memcpy(bias, tile->bias, columns * sizeof(float));
    memset(out, 0, sizeof out);
    memset(added, 0, sizeof added);
    for (int r = 0; r < rows; ++r) {
      if (job->accumulate)
        memcpy(out + r * FK_PANEL, c + r * job->c_stride, columns * sizeof(float));
      if (residual)
        memcpy(added + r * FK_PANEL, residual + r * job->residual_stride, columns * sizeof(float));
    }
    tile->c = out;
    tile->c_stride = FK_PANEL;
    tile->bias = job->bias ? bias : NULL;
    tile->residual = residual ? added : NULL;
    tile->residual_stride = FK_PANEL;
    kernel(rows, tile);
    for (int r = 0; r < rows; ++r)
      memcpy(c + r * job->c_stride, out + r * FK_PANEL, columns * sizeof(float));
  }
  if (job->activation == FK_GELU)
    for (int r = 0; r < rows; ++r) fk_gelu(c + r * job->c_stride, c + r * job->c_stride, columns);
}

static void run_block(const fk_gemm_job *job, tile_function kernel, int most, size_t first_row,
                      size_t end_row, size_t first_panel, size_t end_panel) {
  const fk_rows *a = &job->a;
  const size_t k = a->segments * a->length;
  const size_t count = end_row - first_row, blocks = divided_up(count, most);
  const bool copies = a->row_stride % 1024 == 0 && k > 16 && k <= LARGEST_COPY && count > 1 &&
                      end_panel - first_panel > 1;
  float copy[copies ? most * (divided_up(k, 16) * 16 + 16) : 1] __attribute__((aligned(64)));
  for (size_t block = 0; block < blocks; ++block) {  // of as equal a height as can be
    const size_t row = first_row + count * block / blocks;
    const int rows = (int)(first_row + count * (block + 1) / blocks - row);
    fk_tile tile = {.segments = a->segments,
                    .length = a->length,
                    .segment_stride = a->segment_stride,
                    .activation = job->activation,
                    .accumulate = job->accumulate};
    for (int r = 0; r < rows; ++r) tile.rows[r] = row_start(a, row + r);
    if (copies) copy_rows(&tile, rows, copy);
    for (size_t panel = first_panel; panel < end_panel; ++panel)
      run_tile(job, kernel, &tile, rows, row, panel);
  }
}

void fk_gemm_part(const fk_gemm_job *job, size_t first_row, size_t end_row, size_t first_panel,
                  size_t end_panel) {
  int most;
  const tile_function kernel = choose_tile(&most);
  run_block(job, kernel, most, first_row, end_row, first_panel, end_panel);
}

typedef struct {
  const fk_gemm_job *job;
  tile_function kernel;
  int most;
  size_t row_parts, rows, panel_parts, panels;
} parts;

static void run_part(void *context, size_t index) {
  const parts *p = context;
  const size_t row = index % p->row_parts * p->rows, panel = index / p->row_parts * p->panels;
  run_block(p->job, p->kernel, p->most, row, smaller(p->job->row_count, row + p->rows), panel,
            smaller(divided_up(p->job->columns, FK_PANEL), panel + p->panels));
}

void fk_gemm(const fk_gemm_job *job) {
  if (job->row_count == 0 || job->columns == 0) return;
  const size_t k = larger(1, job->a.segments * job->a.length);
  const size_t all_panels = divided_up(job->columns, FK_PANEL);
  parts p = {.job = job};
  p.kernel = choose_tile(&p.most);
  p.panels = larger(1, smaller(all_panels, B_BLOCK_BYTES / (k * FK_PANEL * sizeof(float))));
  // Few rows: cut the columns finer, so that there is work for more than one thread.
  const size_t panel_work = job->row_count * k * FK_PANEL;
  p.panels = smaller(p.panels, larger(1, divided_up(all_panels * panel_work / 8, panel_work)));
  if (panel_work * p.panels < LEAST_WORK)
    p.panels = smaller(all_panels, divided_up(LEAST_WORK, panel_work));
  p.panel_parts = divided_up(all_panels, p.panels);
  p.rows = larger(1, WORK_PER_TASK / (k * p.panels * FK_PANEL) / 42) * 42;
  p.row_parts = divided_up(job->row_count, p.rows);
  fk_parallel_for(p.row_parts * p.panel_parts, &p, run_part);
}
