#ifndef FK_RANDOM_H
#define FK_RANDOM_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
// four random words for each (key, counter), without any state.
typedef struct {
  uint32_t word[4];
} fk_philox_block;

static inline fk_philox_block fk_philox(uint64_t key, uint64_t low, uint64_t high) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint32_t c0 = (uint32_t)low, c1 = (uint32_t)(low >> 32);
  uint32_t c2 = (uint32_t)high, c3 = (uint32_t)(high >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  fk_philox_block block = {{c0, c1, c2, c3}};
  return block;
}

// out[i] = x[i] * (keep ? 1 / (1 - rate) : 0), with the keep bit of element first + i of the stream.
// first must be a multiple of 128; out may be x.
void fk_dropout(const float *x, float *out, size_t count, size_t first, uint64_t key,
                uint64_t stream, float rate);

FK_NONNULL_END
#endif
