#include "fk_digest.h"

#include <string.h>

static uint64_t mix(uint64_t x) {  // the finaliser of SplitMix64
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void fk_digest(const void *bytes, size_t count, uint64_t digest[4]) {
  const unsigned char *source = bytes;
  uint64_t lanes[4] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u,
                       0x85EBCA77C2B2AE63u};
  size_t done = 0;
  for (; done + 32 <= count; done += 32) {
    uint64_t words[4];
    memcpy(words, source + done, sizeof words);
    for (int lane = 0; lane < 4; ++lane) {
      const uint64_t sum = (lanes[lane] ^ words[lane]) * 0xD6E8FEB86659FD93u;
      lanes[lane] = (sum << 29 | sum >> 35) + words[(lane + 1) & 3];
    }
  }
  uint64_t rest[4] = {0, 0, 0, 0};
  memcpy(rest, source + done, count - done);
  for (int lane = 0; lane < 4; ++lane) lanes[lane] = mix(lanes[lane] ^ rest[lane]) + count;
  for (int lane = 0; lane < 4; ++lane)
    digest[lane] = mix(lanes[lane] + mix(lanes[(lane + 1) & 3] ^ mix(lanes[(lane + 2) & 3])) +
                       lanes[(lane + 3) & 3] * 3);
}
