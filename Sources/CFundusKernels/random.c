#include "fk_random.h"

#include "dropout_inline.h"

FK_CLONES void fk_dropout(const float *x, float *out, size_t count, size_t first, uint64_t key,
                          uint64_t stream, float rate) {
  uint32_t threshold = fk_dropout_threshold(rate);
  float scale = 1.0f / (1.0f - rate), factor[FK_DROPOUT_CHUNK];
  for (size_t i = 0; i < count; i += FK_DROPOUT_CHUNK) {
    fk_dropout_factors(factor, key, (first + i) / FK_DROPOUT_CHUNK, stream, threshold, scale);
    size_t width = count - i < FK_DROPOUT_CHUNK ? count - i : FK_DROPOUT_CHUNK;
    for (size_t lane = 0; lane < width; ++lane)
      // Not a product alone: what is dropped is 0 even where x is not finite.
      out[i + lane] = factor[lane] > 0 ? x[i + lane] * factor[lane] : 0;
  }
}
