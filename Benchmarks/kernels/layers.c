// The products and convolutions of a ResNet-50 one by one, beside the peak of the processor's
// multiply-add units, measured in the same run. Built and run by Benchmarks/layers.
//
//     layers [THREADS [BATCH [SIZE]]]
//
// Every layer works as inference makes it work: bias and ReLU (and the residual, which lies where the
// result goes) in the product's last pass, as many images at a time as the engine takes. Inputs are
// not warm in the cache unless they fit. GFLOP/s count what is multiplied: where Winograd serves, 36
// products a tile of 4x4 results, and 81 with stride 2.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CFundusKernels.h"

enum { REPEATS = 12, WARM_UP = 2, GROUP_FLOATS = 2 << 20 };

typedef enum { POINTWISE, STRIDED_POINTWISE, WINOGRAD, STRIDED_WINOGRAD, STEM } kind;

typedef struct {
  const char *name;
  int side, channels, outputs;  // side at 512 px
  kind kind;
  int count;  // how often the network has it
  bool has_residual;
} layer;

static const layer layers[] = {
    {"stem 7x7/2", 512, 3, 64, STEM, 1, false},
    {"1: 64 -> 64", 128, 64, 64, POINTWISE, 1, false},
    {"1: 256 -> 64", 128, 256, 64, POINTWISE, 2, false},
    {"1: 64 -> 256, shortcut", 128, 64, 256, POINTWISE, 1, false},
    {"1: 64 -> 256 + residual", 128, 64, 256, POINTWISE, 3, true},
    {"1: 3x3, 64", 128, 64, 64, WINOGRAD, 3, false},
    {"2: 256 -> 128", 128, 256, 128, POINTWISE, 1, false},
    {"2: 3x3/2, 128", 128, 128, 128, STRIDED_WINOGRAD, 1, false},
    {"2: 256 -> 512, shortcut", 128, 256, 512, STRIDED_POINTWISE, 1, false},
    {"2: 128 -> 512 + residual", 64, 128, 512, POINTWISE, 4, true},
    {"2: 512 -> 128", 64, 512, 128, POINTWISE, 3, false},
    {"2: 3x3, 128", 64, 128, 128, WINOGRAD, 3, false},
    {"3: 512 -> 256", 64, 512, 256, POINTWISE, 1, false},
    {"3: 3x3/2, 256", 64, 256, 256, STRIDED_WINOGRAD, 1, false},
    {"3: 512 -> 1024, shortcut", 64, 512, 1024, STRIDED_POINTWISE, 1, false},
    {"3: 256 -> 1024 + residual", 32, 256, 1024, POINTWISE, 6, true},
    {"3: 1024 -> 256", 32, 1024, 256, POINTWISE, 5, false},
    {"3: 3x3, 256", 32, 256, 256, WINOGRAD, 5, false},
    {"4: 1024 -> 512", 32, 1024, 512, POINTWISE, 1, false},
    {"4: 3x3/2, 512", 32, 512, 512, STRIDED_WINOGRAD, 1, false},
    {"4: 1024 -> 2048, shortcut", 32, 1024, 2048, STRIDED_POINTWISE, 1, false},
    {"4: 512 -> 2048 + residual", 16, 512, 2048, POINTWISE, 3, true},
    {"4: 2048 -> 512", 16, 2048, 512, POINTWISE, 2, false},
    {"4: 3x3, 512", 16, 512, 512, WINOGRAD, 2, false},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t count) {
  float *p = aligned_alloc(1 << 21, (count * sizeof(float) + (2 << 21)) >> 21 << 21);
  if (!p) abort();
  for (size_t i = 0; i < count; ++i) p[i] = (float)(i % 17) * 0.01f;
  return p;
}

// Twelve independent chains of multiply-adds on vectors of 16, which stay in registers.
typedef float vec __attribute__((vector_size(64)));
enum { CHAINS = 12, LINKS = 20000000 };

FK_CLONES static void multiply_add(float *out) {
  vec sums[CHAINS];
  const vec factor = (vec){0} + 0.9f, term = (vec){0} + 1.0001f;
  for (int c = 0; c < CHAINS; ++c) sums[c] = (vec){0} + (float)c;
  for (long n = 0; n < LINKS; ++n)
    _Pragma("clang loop unroll(full)") for (int c = 0; c < CHAINS; ++c) sums[c] =
        sums[c] * factor + term;
  for (int c = 0; c < CHAINS; ++c)
    for (int i = 0; i < 16; ++i) *out += sums[c][i];
}

static void peak_task(void *context, size_t index) { multiply_add((float *)context + 16 * index); }

static double peak(int threads) {
  float *out = filled((size_t)threads * 16);
  double best = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const double start = now();
    fk_parallel_for((size_t)threads, out, peak_task);
    const double rate = 2.0 * 16 * CHAINS * LINKS * threads / (now() - start) / 1e9;
    if (rate > best) best = rate;
  }
  free(out);
  return best;
}

typedef struct {
  size_t items;
  double flops, seconds;  // of one call
} measurement;

#define MEASURE(call)                                                      \
  for (int i = 0; i < REPEATS; ++i) {                                      \
    const double start = now();                                            \
    call;                                                                  \
    if (i >= WARM_UP) result.seconds += (now() - start) / (REPEATS - WARM_UP); \
  }

static measurement measure(const layer *l, int batch, int size) {
  const size_t side = (size_t)l->side * (size_t)size / 512;
  const bool halves =
      l->kind == STRIDED_WINOGRAD || l->kind == STRIDED_POINTWISE || l->kind == STEM;
  const bool is_winograd = l->kind == WINOGRAD || l->kind == STRIDED_WINOGRAD;
  const size_t stride = halves ? 2 : 1;
  const size_t out_side = side / stride, pixels = out_side * out_side;
  const size_t channels = (size_t)l->channels, outputs = (size_t)l->outputs;
  const size_t widest = channels > outputs ? channels : outputs;
  size_t items = GROUP_FLOATS / (pixels * widest);
  if (items < 1 || l->kind == STEM) items = 1;
  if (items > (size_t)batch) items = (size_t)batch;
  measurement result = {.items = items};

  const size_t padding = l->kind == STEM ? 3 : is_winograd ? 1 : 0;
  const size_t kernel = 2 * padding + 1, padded = side + 2 * padding;
  float *x = filled(items * padded * padded * channels + 4096), *y = filled(items * pixels * outputs);
  float *bias = filled(outputs);
  const size_t k = kernel * kernel * channels;
  float *weights = filled(k * outputs), *packed;
  if (is_winograd) {
    packed = filled(fk_winograd_packed_count(channels, outputs));
    fk_winograd_pack(weights, channels, outputs, stride, false, packed);
    const fk_winograd_job job = {.x = x, .items = items, .height = side, .width = side,
                                 .channels = channels, .outputs = outputs, .stride = stride,
                                 .padding = 1, .packed = packed, .y = y, .bias = bias,
                                 .activation = FK_RELU};
    MEASURE(fk_winograd(&job))
    result.flops = 2.0 * (double)(items * pixels * channels * outputs) * (halves ? 81 : 36) / 16;
  } else {
    packed = filled(fk_gemm_packed_count(k, outputs));
    fk_gemm_pack(weights, k, outputs, outputs, 1, 0, (outputs + FK_PANEL - 1) / FK_PANEL, packed);
    const size_t rows = items * pixels;
    const fk_rows patches = {x, stride * channels, out_side, stride * padded * channels, out_side,
                             padded * padded * channels, kernel, kernel * channels,
                             padded * channels};
    const fk_gemm_job job = {
        .a = l->kind == POINTWISE ? fk_plain_rows(x, channels, rows, channels) : patches,
        .row_count = rows, .packed = packed, .columns = outputs,
        .c = fk_plain_target(y, outputs, rows), .bias = bias, .activation = FK_RELU,
        .accumulate = l->has_residual};
    MEASURE(fk_gemm(&job))
    result.flops = 2.0 * (double)(rows * k * outputs);
  }
  free(x), free(y), free(bias), free(weights), free(packed);
  return result;
}

int main(int count, char **words) {
  const int threads = count > 1 ? atoi(words[1]) : 2, batch = count > 2 ? atoi(words[2]) : 8;
  const int size = count > 3 ? atoi(words[3]) : 512;
  fk_set_threads(threads);
  const double best = peak(threads);
  printf("%d threads, batch %d, %d px; peak of the multiply-add units %.0f GFLOP/s\n\n", threads,
         batch, size, best);
  if (batch == 0) return 0;
  printf("| layer | times | ms an image | GFLOP/s | of the peak |\n");
  printf("| --- | ---: | ---: | ---: | ---: |\n");
  double milliseconds = 0, gflops = 0;
  for (size_t i = 0; i < sizeof layers / sizeof *layers; ++i) {
    const measurement m = measure(layers + i, batch, size);
    const double each = m.seconds * 1e3 / (double)m.items * layers[i].count;
    const double rate = m.flops / m.seconds / 1e9;
    printf("| %s | %d | %.2f | %.0f | %.0f %% |\n", layers[i].name, layers[i].count, each, rate,
           100 * rate / best);
    milliseconds += each;
    gflops += m.flops / (double)m.items * layers[i].count / 1e9;
  }
  const double rate = gflops / milliseconds * 1e3;
  printf("| all, %.1f GFLOP an image | | %.1f | %.0f | %.0f %% |\n", gflops, milliseconds, rate,
         100 * rate / best);
}
