#include "fk_winograd.h"

#include <stdlib.h>
#include <string.h>

#include "fk_cpu.h"
#include "fk_scratch.h"
#include "fk_threads.h"
#include "size_inline.h"
#include "transpose_inline.h"
#include "winograd_parts.h"

// Tiles whose transformed pixels a task keeps in L2. Of 28, 42, 56 and 70 tiles, 42 are the fastest for all
// sizes of a ResNet-50: 56, of whose 64 channels and products 1 MB is full, take 4 to 14 % longer. Fetching
// the next rows of a product into L1 gains nothing, and fetching the lines of the results before they are
// written costs 5 to 15 %.
enum { MOST_TILES = 42, LEAST_TASKS = 4, LINE = 16 };

const fk_vector_kernels *fk_vector_kernels_in_use(void) {
#if defined(__x86_64__)
  switch (fk_cpu_level()) {
    case FK_CPU_AVX512: return &fk_kernels_avx512;
    case FK_CPU_AVX2: return &fk_kernels_avx2;
  }
#endif
  return &fk_kernels_base;
}

size_t fk_winograd_packed_count(size_t channels, size_t outputs) {
  return FK_TILE_POINTS * channels * divided_up(outputs, FK_PANEL) * FK_PANEL;
}

typedef struct {
  const float *w;
  size_t channels, outputs;
  bool rotated;
  float *packed, g[6][3];
} pack_job;

// G w G^T for `count` outputs of one channel.
FK_CLONES static void transform_weights(const float g[6][3], const float w[9][FK_PANEL],
                                        float *out, size_t stride) {
  float t[6][3][FK_PANEL];
  for (int p = 0; p < 6; ++p)
    for (int x = 0; x < 3; ++x)
      for (int o = 0; o < FK_PANEL; ++o)
        t[p][x][o] = g[p][0] * w[x][o] + g[p][1] * w[3 + x][o] + g[p][2] * w[6 + x][o];
  for (int p = 0; p < 6; ++p)
    for (int q = 0; q < 6; ++q)
      for (int o = 0; o < FK_PANEL; ++o)
        out[(p * 6 + q) * stride + o] =
            g[q][0] * t[p][0][o] + g[q][1] * t[p][1][o] + g[q][2] * t[p][2][o];
}

// w[c][k][o]: tap k from channels first... to outputs column..., of which there are `count`.
FK_CLONES static void collect_weights(const pack_job *job, size_t first, size_t column,
                                      size_t count, float w[FK_SQUARE][9][FK_PANEL]) {
  const size_t channels = smaller(FK_SQUARE, job->channels - first);
  memset(w, 0, FK_SQUARE * sizeof(*w));
  for (size_t k = 0; k < 9; ++k) {
    const float *plain = job->w + (k * job->channels + first) * job->outputs + column;
    const float *turned = job->w + ((8 - k) * job->outputs + column) * job->channels + first;
    if (job->rotated)
      transpose(turned, job->channels, count, channels, w[0][k], 9 * FK_PANEL);
    else
      for (size_t c = 0; c < channels; ++c)
        memcpy(w[c][k], plain + c * job->outputs, count * sizeof(float));
  }
}

// One panel of outputs, one block of 16 channels.
static void pack_part(void *context, size_t index) {
  const pack_job *job = context;
  const size_t blocks = divided_up(job->channels, FK_SQUARE), panel = index / blocks;
  const size_t first = index % blocks * FK_SQUARE, column = panel * FK_PANEL;
  float *to = job->packed + panel * FK_TILE_POINTS * job->channels * FK_PANEL;
  float w[FK_SQUARE][9][FK_PANEL];
  collect_weights(job, first, column, smaller(FK_PANEL, job->outputs - column), w);
  for (size_t c = first; c < smaller(job->channels, first + FK_SQUARE); ++c)
    transform_weights(job->g, w[c - first], to + c * FK_PANEL, job->channels * FK_PANEL);
}

void fk_winograd_pack(const float *w, size_t channels, size_t outputs, size_t stride,
                      bool rotated, float *packed) {
  pack_job job = {.w = w, .channels = channels, .outputs = outputs, .rotated = rotated,
                  .packed = packed};
  fill_g(job.g, stride);
  fk_parallel_for(divided_up(channels, FK_SQUARE) * divided_up(outputs, FK_PANEL), &job, pack_part);
}

// One of the products that make a tile: transformed pixels times transformed weights.
typedef struct {
  unsigned char pixels, weights;
} tile_product;

typedef struct {
  const fk_winograd_job *job;
  const fk_vector_kernels *kernels;
  size_t side, products;  // a tile reads side x side pixels and takes as many products
  tile_product product[FK_MOST_PRODUCTS];
  size_t out_height, out_width, down, across, tiles;
  size_t blocks, panels, panel_parts;
  float *zeros;
} forward_parts;

// The products in the order of their weights, which so stay in the cache: with stride 2, the four odd
// pixels of an axis (0 to 3 of its nine transformed ones) all meet the weights 0.
static void order_products(forward_parts *p) {
  const size_t more = p->side - 6;
  for (size_t weights = 0; weights < FK_TILE_POINTS; ++weights) {
    const size_t y = weights / 6, x = weights % 6;
    for (size_t i = y == 0 ? 0 : y + more; i <= y + more; ++i)
      for (size_t j = x == 0 ? 0 : x + more; j <= x + more; ++j) {
        tile_product *product = &p->product[p->products++];
        product->pixels = (unsigned char)(i * p->side + j);
        product->weights = (unsigned char)weights;
      }
  }
}

// The tiles of a task: v[p * v_stride + t * channels + c], transformed pixels, and of one panel of outputs
// m[p * m_stride + t * FK_PANEL + o], their products.
typedef struct {
  size_t first, count, v_stride, m_stride;
  float *v, *m, *dump;
} forward_block;

static void transform_pixels(const forward_parts *p, const forward_block *b) {
  const fk_winograd_job *job = p->job;
  const size_t channels = job->channels, stride = job->stride;
  for (size_t t = 0; t < b->count; ++t) {
    const place at = tile_place(b->first + t, p->down, p->across);
    const float *pixels[FK_MOST_PRODUCTS];
    find_pixels(job->x + at.item * job->height * job->width * channels, job->height, job->width,
                channels, (long)(at.y * stride) - job->padding,
                (long)(at.x * stride) - job->padding, (int)p->side, p->zeros, pixels);
    p->kernels->input[stride - 1](pixels, channels, b->v + t * channels, b->v_stride);
  }
}

static void form_products(const forward_parts *p, const forward_block *b, size_t panel) {
  const size_t channels = p->job->channels;
  const size_t row_blocks = divided_up(b->count, (size_t)p->kernels->rows);
  fk_tile tile = {.segments = 1, .length = channels};
  for (size_t i = 0; i < p->products; ++i) {
    const tile_product product = p->product[i];
    const float *v = b->v + product.pixels * b->v_stride;
    float *m = b->m + product.pixels * b->m_stride;
    tile.packed = p->job->packed + (panel * FK_TILE_POINTS + product.weights) * channels * FK_PANEL;
    for (size_t block = 0; block < row_blocks; ++block) {
      const size_t row = b->count * block / row_blocks;
      const int rows = (int)(b->count * (block + 1) / row_blocks - row);
      for (int r = 0; r < rows; ++r) {
        tile.rows[r] = v + (row + r) * channels;
        tile.c[r] = m + (row + r) * FK_PANEL;
      }
      p->kernels->product(rows, &tile);
    }
  }
}

static void transform_results(const forward_parts *p, const forward_block *b, size_t panel) {
  const fk_winograd_job *job = p->job;
  const size_t outputs = job->outputs, column = panel * FK_PANEL;
  for (size_t t = 0; t < b->count; ++t) {
    const place at = tile_place(b->first + t, p->down, p->across);
    float *results[16];
    const float *residual[16];
    for (size_t i = 0; i < 16; ++i) {
      const size_t y = at.y + i / 4, x = at.x + i % 4;
      const bool inside = y < p->out_height && x < p->out_width;
      const size_t offset = ((at.item * p->out_height + y) * p->out_width + x) * outputs + column;
      results[i] = inside ? job->y + offset : b->dump;
      residual[i] = job->residual && inside ? job->residual + offset : p->zeros;
    }
    p->kernels->output[job->stride - 1](
        b->m + t * FK_PANEL, b->m_stride, smaller(FK_PANEL, outputs - column), results,
        job->bias ? job->bias + column : NULL, job->residual ? residual : NULL,
        job->activation == FK_RELU);
  }
}

static void run_forward(void *context, size_t index) {
  const forward_parts *p = context;
  const size_t block = index / p->panel_parts, part = index % p->panel_parts;
  forward_block b = {.first = p->tiles * block / p->blocks};
  b.count = p->tiles * (block + 1) / p->blocks - b.first;
  // Strides that are no multiple of 4 KiB, so that the streams of the products fall into different cache
  // sets.
  b.v_stride = divided_up(b.count * p->job->channels, 512) * 512 + LINE;
  b.m_stride = divided_up(b.count * FK_PANEL, 512) * 512 + LINE;
  b.v = fk_scratch((p->products * (b.v_stride + b.m_stride) + p->job->outputs) * sizeof(float));
  b.m = b.v + p->products * b.v_stride;
  b.dump = b.m + p->products * b.m_stride;
  transform_pixels(p, &b);
  for (size_t panel = p->panels * part / p->panel_parts;
       panel < p->panels * (part + 1) / p->panel_parts; ++panel) {
    form_products(p, &b, panel);
    transform_results(p, &b, panel);
  }
}

void fk_winograd(const fk_winograd_job *job) {
  forward_parts p = {.job = job, .kernels = fk_vector_kernels_in_use()};
  p.side = job->stride == 1 ? 6 : 9;
  order_products(&p);
  p.out_height = (job->height + 2 * (size_t)job->padding - 3) / job->stride + 1;
  p.out_width = (job->width + 2 * (size_t)job->padding - 3) / job->stride + 1;
  p.down = divided_up(p.out_height, 4);
  p.across = divided_up(p.out_width, 4);
  p.tiles = job->items * p.down * p.across;
  p.panels = divided_up(job->outputs, FK_PANEL);
  if (p.tiles == 0 || p.panels == 0) return;
  p.blocks = divided_up(p.tiles, MOST_TILES);
  // An equal share for every thread.
  if (p.blocks > 2) p.blocks = divided_up(p.blocks, LEAST_TASKS) * LEAST_TASKS;
  // Few tiles for so many threads: share the outputs too, at the price of transforming the pixels more than
  // once. An output's sum is the same in any part, so bits do not depend on the number of threads.
  const size_t wanted = larger(LEAST_TASKS, 2 * (size_t)fk_get_threads());
  p.panel_parts = smaller(p.panels, larger(1, divided_up(wanted, p.blocks)));
  const size_t widest = larger(job->channels, job->outputs);
  p.zeros = calloc(widest + FK_PANEL, sizeof(float));
  if (!p.zeros) abort();
  fk_parallel_for(p.blocks * p.panel_parts, &p, run_forward);
  free(p.zeros);
}
