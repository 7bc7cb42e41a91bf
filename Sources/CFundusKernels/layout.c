#include "fk_layout.h"

#include "transpose_inline.h"

// The last two axes are walked in square tiles, so that both sides stay in the cache when one of
// them is a transpose.
FK_CLONES static void permute_plane(const float *x, float *out, long rows, long columns,
                                    long row_stride, long column_stride) {
  enum { TILE = FK_SQUARE };
  if (column_stride == 1) {
    for (long r = 0; r < rows; ++r)
      for (long c = 0; c < columns; ++c) out[r * columns + c] = x[r * row_stride + c];
    return;
  }
  if (row_stride == 1) {
    transpose(x, (size_t)column_stride, (size_t)columns, (size_t)rows, out, (size_t)columns);
    return;
  }
  for (long r0 = 0; r0 < rows; r0 += TILE)
    for (long c0 = 0; c0 < columns; c0 += TILE)
      for (long r = r0; r < rows && r < r0 + TILE; ++r)
        for (long c = c0; c < columns && c < c0 + TILE; ++c)
          out[r * columns + c] = x[r * row_stride + c * column_stride];
}

void fk_permute(const float *x, float *out, int rank, const long *out_shape, const long *strides,
                long first, long last) {
  long plane = rank > 1 ? out_shape[rank - 2] : 1, columns = rank > 0 ? out_shape[rank - 1] : 1;
  long row_stride = rank > 1 ? strides[rank - 2] : 0;
  long column_stride = rank > 0 ? strides[rank - 1] : 1;
  for (long row = first; row < last;) {
    long rest = row / plane, start = row % plane * row_stride;
    long rows = plane - row % plane;
    if (rows > last - row) rows = last - row;
    for (int axis = rank - 3; axis >= 0; --axis) {
      start += rest % out_shape[axis] * strides[axis];
      rest /= out_shape[axis];
    }
    permute_plane(x + start, out + row * columns, rows, columns, row_stride, column_stride);
    row += rows;
  }
}
