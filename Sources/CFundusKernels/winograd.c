#include "fk_winograd.h"

#include <stdlib.h>
#include <string.h>

#include "fk_cpu.h"
#include "fk_scratch.h"
#include "fk_threads.h"
#include "size_inline.h"
#include "transpose_inline.h"
#include "winograd_tile.h"

// Tiles whose transformed pixels a task keeps in L2, and tiles of a step of the weights' gradient. Of 28,
// 42, 56 and 70 tiles, 42 are the fastest for all sizes of a ResNet-50: 56, of whose 64 channels and
// products 1 MB is full, take 4 to 14 % longer. Fetching the next rows of a product into L1 gains nothing,
// and fetching the lines of the results before they are written costs 5 to 15 %.
enum { MOST_TILES = 42, LEAST_TASKS = 4, STEP_TILES = 42, CHUNK = 64, LINE = 16 };

const fk_vector_kernels *fk_vector_kernels_in_use(void) {
#if defined(__x86_64__)
  switch (fk_cpu_level()) {
    case FK_CPU_AVX512: return &fk_kernels_avx512;
    case FK_CPU_AVX2: return &fk_kernels_avx2;
  }
#endif
  return &fk_kernels_base;
}

// G: row p holds the powers of point p, divided by the product of its distances to the others.
//
// For stride 2 the outer taps alone make F(4, 2), whose points are the same without 0. Row p holds 1 and p
// for them, and p times that where the divisor includes the distance to 0; row 0 is free for the middle
// tap, which is not transformed.
static void fill_g(float g[6][3], size_t stride) {
  const double a = FK_A, b = FK_B, points[5] = {0, a, -a, b, -b};
  const double divisors[5] = {a * a * b * b, 2 * a * a * (a * a - b * b), 2 * a * a * (a * a - b * b),
                              2 * b * b * (b * b - a * a), 2 * b * b * (b * b - a * a)};
  for (int p = 0; p < 5; ++p)
    for (int i = 0; i < 3; ++i)
      g[p][i] = (float)((i == 0 ? 1 : i == 1 ? points[p] : points[p] * points[p]) / divisors[p]);
  g[5][0] = g[5][1] = 0;
  g[5][2] = 1;
  if (stride == 1) return;
  for (int p = 0; p < 5; ++p) {
    g[p][0] = g[p][1];
    g[p][1] = p == 0;
  }
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

// Where tile `index` of 4x4 results lies.
typedef struct {
  size_t item, y, x;
} place;

static place tile_place(size_t index, size_t down, size_t across) {
  place result = {index / (down * across), index / across % down * 4, index % across * 4};
  return result;
}

// The pixels of a size x size square whose first is (y, x); `outside` where the image ends.
static void find_pixels(const float *image, size_t height, size_t width, size_t channels, long y,
                        long x, int size, const float *outside, const float **pixels) {
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j)
      *pixels++ = y + i < 0 || y + i >= (long)height || x + j < 0 || x + j >= (long)width
                      ? outside
                      : image + ((size_t)(y + i) * width + (size_t)(x + j)) * channels;
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
  p.panel_parts = 1;
  if (p.blocks > 2)
    p.blocks = divided_up(p.blocks, LEAST_TASKS) * LEAST_TASKS;  // an equal share for every thread
  else  // few tiles: share the outputs too, at the price of transforming the pixels more than once
    p.panel_parts = smaller(p.panels, LEAST_TASKS / p.blocks);
  const size_t widest = larger(job->channels, job->outputs);
  p.zeros = calloc(widest + FK_PANEL, sizeof(float));
  if (!p.zeros) abort();
  fk_parallel_for(p.blocks * p.panel_parts, &p, run_forward);
  free(p.zeros);
}

// The weights' gradient: for 64 channels times 64 outputs, the 36 sums of products of transformed
// pixels and transformed gradients stay in L2 while all tiles pass by.
typedef struct {
  const float *x, *dy;
  size_t height, width, channels, outputs, out_height, out_width;
  long padding;
  const fk_vector_kernels *kernels;
  size_t down, across, tiles, channel_chunks, output_chunks, ranges;
  float *zeros, *dw, *partial, g[6][3];
} weight_parts;

// G^T u G, into dw[k][o] for k < 9, a line of outputs at a time.
FK_CLONES static void finish_weights(const float g[6][3], const float *u, size_t stride,
                                     size_t count, float *dw, size_t dw_stride) {
  for (size_t first = 0; first < count; first += LINE) {
    float t[3][6][LINE] = {{{0}}};
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x)
        for (int i = 0; i < 3; ++i)
          for (int o = 0; o < LINE; ++o)
            t[i][x][o] += g[y][i] * u[(y * 6 + x) * stride + first + o];
    const size_t width = smaller(LINE, count - first);
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        float sum[LINE] = {0};
        for (int x = 0; x < 6; ++x)
          for (int o = 0; o < LINE; ++o) sum[o] += g[x][j] * t[i][x][o];
        memcpy(dw + (i * 3 + j) * dw_stride + first, sum, width * sizeof(float));
      }
  }
}

static void run_weights(void *context, size_t index) {
  const weight_parts *p = context;
  const size_t range = index % p->ranges, chunk = index / p->ranges;
  const size_t channel = chunk / p->output_chunks * CHUNK;
  const size_t output = chunk % p->output_chunks * CHUNK;
  const size_t channels = smaller(CHUNK, p->channels - channel);
  const size_t outputs = smaller(CHUNK, p->outputs - output);
  const size_t first = p->tiles * range / p->ranges, end = p->tiles * (range + 1) / p->ranges;
  const size_t stride = STEP_TILES * CHUNK + LINE, sum_stride = CHUNK * CHUNK + LINE;
  float *v = fk_scratch(FK_TILE_POINTS * (2 * stride + sum_stride) * sizeof(float));
  float *d = v + FK_TILE_POINTS * stride, *sums = d + FK_TILE_POINTS * stride;
  memset(v, 0, FK_TILE_POINTS * (2 * stride + sum_stride) * sizeof(float));

  for (size_t step = first; step < end; step += STEP_TILES) {
    const size_t count = smaller(STEP_TILES, end - step);
    for (size_t t = 0; t < count; ++t) {
      const place at = tile_place(step + t, p->down, p->across);
      const float *pixels[36];
      find_pixels(p->x + at.item * p->height * p->width * p->channels + channel, p->height,
                  p->width, p->channels, (long)at.y - p->padding, (long)at.x - p->padding, 6,
                  p->zeros, pixels);
      p->kernels->input[0](pixels, channels, v + t * CHUNK, stride);
      find_pixels(p->dy + at.item * p->out_height * p->out_width * p->outputs + output,
                  p->out_height, p->out_width, p->outputs, (long)at.y, (long)at.x, 4, p->zeros,
                  pixels);
      p->kernels->gradient(pixels, outputs, d + t * CHUNK, stride);
    }
    const size_t row_blocks = divided_up(channels, (size_t)p->kernels->rows);
    for (size_t point = 0; point < FK_TILE_POINTS; ++point)
      for (size_t column = 0; column < outputs; column += FK_PANEL)
        for (size_t b = 0; b < row_blocks; ++b) {
          const size_t row = channels * b / row_blocks;
          p->kernels->outer((int)(channels * (b + 1) / row_blocks - row),
                            v + point * stride + row, CHUNK, d + point * stride + column, CHUNK,
                            count, sums + point * sum_stride + row * CHUNK + column, CHUNK);
        }
  }
  float *dw = p->ranges == 1 ? p->dw : p->partial + range * 9 * p->channels * p->outputs;
  for (size_t c = 0; c < channels; ++c)
    finish_weights(p->g, sums + c * CHUNK, sum_stride, outputs,
                   dw + (channel + c) * p->outputs + output, p->channels * p->outputs);
}

void fk_winograd_weights(const float *x, const float *dy, size_t items, size_t height,
                         size_t width, size_t channels, size_t outputs, long padding, float *dw) {
  weight_parts p = {.x = x, .dy = dy, .height = height, .width = width, .channels = channels,
                    .outputs = outputs, .padding = padding, .dw = dw,
                    .kernels = fk_vector_kernels_in_use()};
  fill_g(p.g, 1);
  p.out_height = height + 2 * (size_t)padding - 2;
  p.out_width = width + 2 * (size_t)padding - 2;
  p.down = divided_up(p.out_height, 4);
  p.across = divided_up(p.out_width, 4);
  p.tiles = items * p.down * p.across;
  p.channel_chunks = divided_up(channels, CHUNK);
  p.output_chunks = divided_up(outputs, CHUNK);
  const size_t chunks = p.channel_chunks * p.output_chunks;
  // Few chunks: cut the tiles as well, into ranges whose sums are added in order.
  p.ranges = larger(1, smaller(divided_up(8, chunks), p.tiles / STEP_TILES));
  const size_t count = 9 * channels * outputs;
  p.zeros = calloc(CHUNK + FK_PANEL, sizeof(float));
  p.partial = p.ranges > 1 ? malloc(p.ranges * count * sizeof(float)) : NULL;
  if (!p.zeros || (p.ranges > 1 && !p.partial)) abort();
  fk_parallel_for(chunks * p.ranges, &p, run_weights);
  for (size_t range = 0; range < p.ranges && p.ranges > 1; ++range)
    for (size_t i = 0; i < count; ++i)
      dw[i] = (range == 0 ? 0 : dw[i]) + p.partial[range * count + i];
  free(p.partial);
  free(p.zeros);
}
