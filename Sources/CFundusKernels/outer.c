#include "fk_outer.h"

#include <stdlib.h>
#include <string.h>

#include "fk_cpu.h"
#include "fk_scratch.h"
#include "fk_threads.h"
#include "size_inline.h"
#include "winograd_tile.h"

// A task forms a block of C, a step of rows of A and B at a time; the block and the copies of the
// step's rows stay in L2. Copies, because reading a column of rows that lie far apart would meet
// memory without any order, and the same few sets of the cache. Narrow rows that lie next to each other
// could be spared it, which gains 0.5 % of a training step.
enum { MOST_M = 196, MOST_N = 384, STEP = 128, LEAST_TASKS = 8, LEAST_ROWS = 2 * STEP };

typedef struct {
  const fk_outer_job *job;
  const fk_vector_kernels *kernels;
  size_t m, m_parts, panels, panel_parts, ranges;
  float *partial;  // [ranges, M, N] where there is more than one
} parts;

// Columns first up to end of row `index` of A.
static void copy_columns(const fk_rows *a, size_t index, size_t first, size_t end, float *to) {
  const float *row = fk_row(a, index);
  while (first < end) {
    const size_t segment = first / a->length, within = first % a->length;
    const size_t count = smaller(a->length - within, end - first);
    memcpy(to, row + segment * a->segment_stride + within, count * sizeof(float));
    to += count;
    first += count;
  }
}

static void fetch(const float *row, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(row + i, 0, 2);
}

FK_CLONES static void finish_row(const float *restrict sums, size_t count, bool adds,
                                 float *restrict c) {
  if (adds)
    for (size_t i = 0; i < count; ++i) c[i] += sums[i];
  else
    memcpy(c, sums, count * sizeof(float));
}

static void run_part(void *context, size_t index) {
  const parts *p = context;
  const fk_outer_job *job = p->job;
  const size_t range = index % p->ranges, block = index / p->ranges;
  const size_t m_part = block % p->m_parts, panel_part = block / p->m_parts;
  const size_t first_m = p->m * m_part / p->m_parts, m = p->m * (m_part + 1) / p->m_parts - first_m;
  const size_t first_panel = p->panels * panel_part / p->panel_parts;
  const size_t panels = p->panels * (panel_part + 1) / p->panel_parts - first_panel;
  const size_t first_n = first_panel * FK_PANEL, columns = job->columns;
  const size_t n = smaller(panels * FK_PANEL, columns - first_n);
  const size_t first = job->row_count * range / p->ranges;
  const size_t end = job->row_count * (range + 1) / p->ranges;

  const size_t a_stride = divided_up(m, 16) * 16 + 16, sum_stride = panels * FK_PANEL + 16;
  const size_t width = panels * FK_PANEL;
  float *a = fk_scratch((STEP * (a_stride + width) + m * sum_stride) * sizeof(float));
  float *b = a + STEP * a_stride, *sums = b + STEP * width;
  memset(b, 0, (STEP * width + m * sum_stride) * sizeof(float));
  const size_t blocks = divided_up(m, (size_t)p->kernels->rows);
  for (size_t step = first; step < end; step += STEP) {
    const size_t count = smaller(STEP, end - step);
    for (size_t t = 0; t < count; ++t) {
      copy_columns(&job->a, step + t, first_m, first_m + m, a + t * a_stride);
      const float *from = job->b + (step + t) * job->b_stride + first_n;
      for (size_t j = 0; j < n; j += FK_PANEL)
        memcpy(b + j * STEP + t * FK_PANEL, from + j, smaller(FK_PANEL, n - j) * sizeof(float));
    }
    size_t fetched = step + STEP, tile = 0;
    for (size_t j = 0; j < n; j += FK_PANEL)
      for (size_t i = 0; i < blocks; ++i) {
        // The next step's rows come while this one's products are formed.
        const size_t wanted = smaller(end, step + STEP + STEP * ++tile / (panels * blocks));
        for (; fetched < wanted; ++fetched) {
          fetch(fk_row(&job->a, fetched) + first_m, smaller(m, job->a.length - first_m % job->a.length));
          fetch(job->b + fetched * job->b_stride + first_n, n);
        }
        const size_t row = m * i / blocks;
        p->kernels->outer((int)(m * (i + 1) / blocks - row), a + row, a_stride, b + j * STEP,
                          FK_PANEL, count, sums + row * sum_stride + j, sum_stride);
      }
  }

  float *c = p->partial ? p->partial + range * p->m * columns : job->c;
  const bool adds = job->accumulate && !p->partial;
  for (size_t i = 0; i < m; ++i)
    finish_row(sums + i * sum_stride, n, adds, c + (first_m + i) * columns + first_n);
}

FK_CLONES static void add_partial(void *context, size_t index) {
  enum { PIECE = 1 << 14 };
  const parts *p = context;
  const size_t size = p->m * p->job->columns, first = index * PIECE;
  const size_t count = smaller(PIECE, size - first);
  float *restrict c = p->job->c + first;
  if (!p->job->accumulate) memset(c, 0, count * sizeof(float));
  for (size_t range = 0; range < p->ranges; ++range) {
    const float *restrict from = p->partial + range * size + first;
    for (size_t i = 0; i < count; ++i) c[i] += from[i];
  }
}

void fk_outer(const fk_outer_job *job) {
  parts p = {.job = job, .kernels = fk_vector_kernels_in_use()};
  p.m = job->a.segments * job->a.length;
  p.panels = divided_up(job->columns, FK_PANEL);
  if (p.m == 0 || p.panels == 0) return;
  p.m_parts = divided_up(p.m, MOST_M);
  p.panel_parts = divided_up(job->columns, MOST_N);
  const size_t blocks = p.m_parts * p.panel_parts;
  // Few blocks: cut the rows as well, into ranges whose sums are added in order.
  p.ranges = larger(1, smaller(divided_up(LEAST_TASKS, blocks), job->row_count / LEAST_ROWS));
  const size_t size = p.m * job->columns;
  if (p.ranges > 1) {
    p.partial = malloc(p.ranges * size * sizeof(float));
    if (!p.partial) abort();
  }
  fk_parallel_for(blocks * p.ranges, &p, run_part);
  if (p.partial) fk_parallel_for(divided_up(size, 1 << 14), &p, add_partial);
  free(p.partial);
}
