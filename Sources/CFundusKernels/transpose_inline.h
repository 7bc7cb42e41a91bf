// Matrices turned over. Private to the kernels.
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

// to[c][r] = from[r][c] for a matrix of any size, square by square, so that both sides stay in L1.
static inline __attribute__((always_inline)) void transpose(const float *from, size_t from_stride,
                                                            size_t rows, size_t columns, float *to,
                                                            size_t to_stride) {
  for (size_t c0 = 0; c0 < columns; c0 += FK_SQUARE)
    for (size_t r0 = 0; r0 < rows; r0 += FK_SQUARE) {
      if (r0 + FK_SQUARE <= rows && c0 + FK_SQUARE <= columns) {
        transpose_square(from + r0 * from_stride + c0, from_stride, to + c0 * to_stride + r0,
                         to_stride);
        continue;
      }
      for (size_t r = r0; r < rows && r < r0 + FK_SQUARE; ++r)
        for (size_t c = c0; c < columns && c < c0 + FK_SQUARE; ++c)
          to[c * to_stride + r] = from[r * from_stride + c];
    }
}

#endif
