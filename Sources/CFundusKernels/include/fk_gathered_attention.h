#ifndef FK_GATHERED_ATTENTION_H
#define FK_GATHERED_ATTENTION_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// Attention of single queries to keys that lie anywhere, for decoding word by word.
//
// Query r sees `keys` keys. Key j begins at base[j] + index[r * keys + j] * stride + key_column, its
// value at value_column of the same row. With h heads, head k has the columns k D/h ..< (k + 1) D/h.
// The result of a query does not depend on which others there are.
typedef struct {
  const float *_Nonnull query;  // [rows, query_stride], of which the first `width` columns count
  size_t query_stride;
  const float *_Nonnull const *_Nonnull base;  // [keys]
  const int32_t *_Nonnull index;               // [rows, keys]
  size_t keys, stride, key_column, value_column;
  size_t width, heads;
  float scale;                // of the products, before the softmax
  float *_Nonnull out;        // [rows, width]
  float *_Nullable weights;   // [rows, heads, keys], the softmax
} fk_gathered_attention_job;

// Rows first up to end. `scratch` holds heads * keys floats.
void fk_gathered_attention(const fk_gathered_attention_job *job, size_t first, size_t end,
                           float *scratch);

FK_NONNULL_END
#endif
