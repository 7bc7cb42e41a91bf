#include "fk_gathered_attention.h"

#include "math_inline.h"
#include "row_inline.h"

// A key serves all heads while it is near: they are its columns.
FK_CLONES void fk_gathered_attention(const fk_gathered_attention_job *job, size_t first, size_t end,
                                     float *scratch) {
  const size_t keys = job->keys, width = job->width, heads = job->heads, depth = width / heads;
  for (size_t r = first; r < end; ++r) {
    const float *query = job->query + r * job->query_stride;
    const int32_t *index = job->index + r * keys;
    float *weights = job->weights ? job->weights + r * heads * keys : scratch;
    float *restrict out = job->out + r * width;
    for (size_t j = 0; j < keys; ++j) {
      const float *key = job->base[j] + (size_t)index[j] * job->stride + job->key_column;
      for (size_t h = 0; h < heads; ++h)
        weights[h * keys + j] = job->scale * row_dot(query + h * depth, key + h * depth, depth);
    }
    for (size_t h = 0; h < heads; ++h) {
      float *row = weights + h * keys;
      const float maximum = row_maximum(row, keys);
      FK_SHORT_LOOP for (size_t j = 0; j < keys; ++j) row[j] = fk_exp(row[j] - maximum);
      const float factor = 1.0f / row_sum(row, keys);
      FK_SHORT_LOOP for (size_t j = 0; j < keys; ++j) row[j] *= factor;
    }
    for (size_t c = 0; c < width; ++c) out[c] = 0;
    for (size_t j = 0; j < keys; ++j) {
      const float *value = job->base[j] + (size_t)index[j] * job->stride + job->value_column;
      for (size_t h = 0; h < heads; ++h) {
        const float weight = weights[h * keys + j];
        for (size_t c = h * depth; c < (h + 1) * depth; ++c) out[c] += weight * value[c];
      }
    }
  }
}
