// The factors of dropout, 128 at a time: vector code for any instruction set. Private to the kernels.
#ifndef FK_DROPOUT_INLINE_H
#define FK_DROPOUT_INLINE_H
#include "fk_random.h"

enum { FK_DROPOUT_CHUNK = 128, FK_DROPOUT_LANES = 16 };

// 16 random bits decide about an element, so the rate is met to 1/65536.
static inline __attribute__((always_inline)) uint32_t fk_dropout_threshold(float rate) {
  return (uint32_t)(rate * 65536.0f + 0.5f);
}

// factor[i] = keep ? scale : 0 for the elements of one chunk: 16 Philox blocks side by side, each of
// which has the bits of 8 elements.
static inline __attribute__((always_inline)) void fk_dropout_factors(float *factor, uint64_t key,
                                                                     uint64_t chunk,
                                                                     uint64_t stream,
                                                                     uint32_t threshold,
                                                                     float scale) {
  // The rounds of fk_philox() outside, the blocks inside: that is the order that becomes vectors.
  uint32_t words[4][FK_DROPOUT_LANES];
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint64_t first = chunk * FK_DROPOUT_LANES;
  for (int lane = 0; lane < FK_DROPOUT_LANES; ++lane) {
    words[0][lane] = (uint32_t)first + (uint32_t)lane;  // 16 counters share their upper half
    words[1][lane] = (uint32_t)(first >> 32);
    words[2][lane] = (uint32_t)stream;
    words[3][lane] = (uint32_t)(stream >> 32);
  }
  for (int round = 0; round < 10; ++round) {
    for (int lane = 0; lane < FK_DROPOUT_LANES; ++lane) {
      uint64_t p0 = (uint64_t)0xD2511F53u * words[0][lane];
      uint64_t p1 = (uint64_t)0xCD9E8D57u * words[2][lane];
      words[0][lane] = (uint32_t)(p1 >> 32) ^ words[1][lane] ^ k0;
      words[1][lane] = (uint32_t)p1;
      words[2][lane] = (uint32_t)(p0 >> 32) ^ words[3][lane] ^ k1;
      words[3][lane] = (uint32_t)p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int word = 0; word < 4; ++word)
    for (int lane = 0; lane < FK_DROPOUT_LANES; ++lane) {
      uint32_t bits = words[word][lane];
      factor[word * 32 + lane] = (bits & 0xFFFFu) >= threshold ? scale : 0;
      factor[word * 32 + 16 + lane] = (bits >> 16) >= threshold ? scale : 0;
    }
}

#endif
