// Squares of a matrix, turned over. Private to the kernels.
#ifndef FK_TRANSPOSE_INLINE_H
#define FK_TRANSPOSE_INLINE_H
#include <stddef.h>
#include <string.h>

enum { FK_SQUARE = 16 };

typedef float fk_line __attribute__((vector_size(FK_SQUARE * sizeof(float))));

// to[c][r] = from[r][c] for a square of 16 x 16. To interleave lines that lie half the square apart
// is a perfect shuffle; four of them exchange the bits of row and column.
static inline __attribute__((always_inline)) void transpose_square(const float *from,
                                                                   size_t from_stride, float *to,
                                                                   size_t to_stride) {
  fk_line lines[FK_SQUARE], next[FK_SQUARE];
  for (int r = 0; r < FK_SQUARE; ++r) memcpy(&lines[r], from + r * from_stride, sizeof(fk_line));
  for (int round = 0; round < 4; ++round) {
    for (int r = 0; r < FK_SQUARE / 2; ++r) {
      const fk_line low = lines[r], high = lines[r + FK_SQUARE / 2];
      next[2 * r] = __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                            22, 7, 23);
      next[2 * r + 1] = __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                                13, 29, 14, 30, 15, 31);
    }
    memcpy(lines, next, sizeof lines);
  }
  for (int c = 0; c < FK_SQUARE; ++c) memcpy(to + c * to_stride, &lines[c], sizeof(fk_line));
}

#endif
