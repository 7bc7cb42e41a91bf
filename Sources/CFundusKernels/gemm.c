#include "fk_gemm.h"

#include <string.h>

#include "fk_activation.h"
#include "fk_cpu.h"
#include "fk_threads.h"
#include "gemm_tile.h"
#include "size_inline.h"
#include "transpose_inline.h"

typedef void (*tile_function)(int rows, const fk_tile *tile);

// Columns of B that one sweep over the rows uses stay in L2 (of which this is a part).
enum { B_BLOCK_BYTES = 640 << 10, LONGEST_SUM = 1536, SUM_PART = 1024 };
// Multiplications of a task, and how many tasks there are at least.
enum { WORK_PER_TASK = 4 << 20, LEAST_WORK = 1 << 18, LEAST_TASKS = 8 };

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
    if (k_stride == 1) {
      transpose(from, n_stride, columns, k, to, FK_PANEL);
      continue;
    }
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < columns; ++j)
        to[i * FK_PANEL + j] = from[i * k_stride + j * n_stride];
  }
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

// A panel that is not full goes through buffers, so that the kernels know only full ones. So does
// one that GELU follows: right after the kernel's stores the lines of C have only been sent for, and
// reading them back took 14 times as long as the function itself.
static void run_buffered(tile_function kernel, const fk_tile *tile, int rows,
                       size_t columns) {
  float out[FK_MOST_ROWS * FK_PANEL] = {0}, added[FK_MOST_ROWS * FK_PANEL] = {0};
  float bias[FK_PANEL] = {0};
  const size_t bytes = columns * sizeof(float);
  fk_tile narrow = *tile;
  if (tile->bias) {
    memcpy(bias, tile->bias, bytes);
    narrow.bias = bias;
  }
  for (int r = 0; r < rows; ++r) {
    narrow.c[r] = out + r * FK_PANEL;
    if (tile->accumulate) memcpy(narrow.c[r], tile->c[r], bytes);
    if (!tile->residual[0]) continue;
    memcpy(added + r * FK_PANEL, tile->residual[r], bytes);
    narrow.residual[r] = added + r * FK_PANEL;
  }
  kernel(rows, &narrow);
  if (tile->activation == FK_GELU) fk_gelu(out, out, (size_t)rows * FK_PANEL);
  for (int r = 0; r < rows; ++r) memcpy(tile->c[r], narrow.c[r], bytes);
}

// Part of a job's sum over k: `segments` runs of `length` floats from `offset` within a row on, which
// begin at row `first_k` of the packed panels.
typedef struct {
  size_t segments, length, offset, first_k;
  bool is_first, is_last;
} sum_part;

static void run_block(const fk_gemm_job *job, const sum_part *part, tile_function kernel, int most,
                      size_t first_row, size_t end_row, size_t first_panel, size_t end_panel) {
  const fk_rows *a = &job->a;
  const fk_target *to = &job->c;
  const size_t k = a->segments * a->length, part_k = part->segments * part->length;
  const size_t count = end_row - first_row, blocks = divided_up(count, most);
  const bool copies = a->row_stride % 1024 == 0 && part_k > 16 && count > 1 &&
                      end_panel - first_panel > 1;
  float copy[copies ? most * (divided_up(part_k, 16) * 16 + 16) : 1] __attribute__((aligned(64)));
  for (size_t block = 0; block < blocks; ++block) {  // of as equal a height as can be
    const size_t row = first_row + count * block / blocks;
    const int rows = (int)(first_row + count * (block + 1) / blocks - row);
    fk_tile tile = {.segments = part->segments,
                    .length = part->length,
                    .segment_stride = a->segment_stride,
                    .activation = part->is_last ? job->activation : FK_IDENTITY,
                    .accumulate = job->accumulate || !part->is_first};
    float *c[FK_MOST_ROWS];
    for (int r = 0; r < rows; ++r) {
      const size_t m = row + r;
      tile.rows[r] = fk_row(a, m) + part->offset;
      c[r] = fk_target_row(to, m);
    }
    if (copies) copy_rows(&tile, rows, copy);
    for (size_t panel = first_panel; panel < end_panel; ++panel) {
      const size_t column = panel * FK_PANEL, columns = smaller(FK_PANEL, job->columns - column);
      if (a->segments == 1 && panel + 1 == end_panel && row + 2 * rows <= end_row)
        for (int r = 0; r < rows; ++r) tile.next[r] = fk_row(a, row + rows + r) + part->offset;
      tile.packed = job->packed + column * k + part->first_k * FK_PANEL;
      tile.bias = job->bias && part->is_last ? job->bias + column : NULL;
      for (int r = 0; r < rows; ++r) {
        tile.c[r] = c[r] + column;
        if (job->residual && part->is_last)
          tile.residual[r] = job->residual + (row + r) * job->residual_stride + column;
      }
      if (columns == FK_PANEL && tile.activation != FK_GELU)
        kernel(rows, &tile);
      else
        run_buffered(kernel, &tile, rows, columns);
    }
  }
}

// Long sums are formed in parts, so that the columns of B of a part can be many and still stay in L2.
static void run_sums(const fk_gemm_job *job, tile_function kernel, int most, size_t first_row,
                     size_t end_row, size_t first_panel, size_t end_panel) {
  const size_t segments = job->a.segments, length = job->a.length;
  if (segments * length <= LONGEST_SUM) {
    const sum_part whole = {segments, length, 0, 0, true, true};
    run_block(job, &whole, kernel, most, first_row, end_row, first_panel, end_panel);
    return;
  }
  const size_t pieces = divided_up(length, SUM_PART);
  for (size_t s = 0; s < segments; ++s)
    for (size_t piece = 0; piece < pieces; ++piece) {
      const size_t first = length * piece / pieces, end = length * (piece + 1) / pieces;
      const sum_part part = {1,
                             end - first,
                             s * job->a.segment_stride + first,
                             s * length + first,
                             s == 0 && piece == 0,
                             s + 1 == segments && piece + 1 == pieces};
      run_block(job, &part, kernel, most, first_row, end_row, first_panel, end_panel);
    }
}

void fk_gemm_part(const fk_gemm_job *job, size_t first_row, size_t end_row, size_t first_panel,
                  size_t end_panel) {
  int most;
  const tile_function kernel = choose_tile(&most);
  run_sums(job, kernel, most, first_row, end_row, first_panel, end_panel);
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
  run_sums(p->job, p->kernel, p->most, row, smaller(p->job->row_count, row + p->rows), panel,
           smaller(divided_up(p->job->columns, FK_PANEL), panel + p->panels));
}

void fk_gemm(const fk_gemm_job *job) {
  if (job->row_count == 0 || job->columns == 0) return;
  const size_t k = larger(1, job->a.segments * job->a.length);
  const size_t all_panels = divided_up(job->columns, FK_PANEL);
  parts p = {.job = job};
  p.kernel = choose_tile(&p.most);
  const size_t part_k = k > LONGEST_SUM ? SUM_PART : k;
  p.panels = larger(1, smaller(all_panels, B_BLOCK_BYTES / (part_k * FK_PANEL * sizeof(float))));
  p.rows = larger(1, WORK_PER_TASK / (k * p.panels * FK_PANEL) / 42) * 42;
  p.row_parts = divided_up(job->row_count, p.rows);
  p.panel_parts = divided_up(all_panels, p.panels);
  // Few rows: cut the columns finer, so that there is work for more than one thread.
  if (p.row_parts * p.panel_parts < LEAST_TASKS) {
    const size_t panel_work = smaller(p.rows, job->row_count) * k * FK_PANEL;
    const size_t most_parts = divided_up(all_panels, divided_up(LEAST_WORK, panel_work));
    p.panel_parts = smaller(divided_up(LEAST_TASKS, p.row_parts), most_parts);
  }
  p.panels = divided_up(all_panels, p.panel_parts);
  p.panel_parts = divided_up(all_panels, p.panels);
  fk_parallel_for(p.row_parts * p.panel_parts, &p, run_part);
}
