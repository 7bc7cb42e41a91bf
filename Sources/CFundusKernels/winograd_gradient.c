#include <stdlib.h>
#include <string.h>

#include "fk_scratch.h"
#include "fk_threads.h"
#include "fk_winograd.h"
#include "size_inline.h"
#include "winograd_parts.h"

// Tiles of a step, which a task keeps in L2 (see winograd.c), channels and outputs of a task, outputs of a line.
enum { STEP_TILES = 42, CHUNK = 64, LINE = 16 };

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
