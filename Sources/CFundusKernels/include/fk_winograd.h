#ifndef FK_WINOGRAD_H
#define FK_WINOGRAD_H
#include "fk_common.h"
#include "fk_gemm.h"

// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, arXiv
// 1509.09308): a tile of 4x4 results takes 36 products a pair of channels instead of 144.
// Channels and outputs are multiples of 16.
//
// The interpolation points are 0, +-5/8, +-3/2 and infinity. Against the usual 0, +-1, +-2 they halve
// the rounding error, and every constant of the transforms of images is exact.
//
// Those of stride 2 are convolutions of stride 1 of the pixels of even and of odd position, summed. Along
// an axis the even ones meet the outer taps, which takes the 5 products of F(4, 2) for 4 results, and the
// odd ones the middle tap alone, which takes 4: 81 products a tile instead of 144. The points are the
// same without 0, and the error is three fifths of that of stride 1.

// Transformed weights of a pair of channels: 6 x 6, the middle tap of stride 2 standing in place of point 0.
enum { FK_TILE_POINTS = 36 };

// Floats that the transformed weights take.
size_t fk_winograd_packed_count(size_t channels, size_t outputs);

// Transforms weights [3, 3, C, O] for stride 1 or 2. With `rotated`, of stride 1, the weights of the
// gradient of the input are made from those of the forward pass: w is [3, 3, O, C] then (O the results of
// this convolution).
void fk_winograd_pack(const float *_Nonnull w, size_t channels, size_t outputs, size_t stride,
                      bool rotated, float *_Nonnull packed);

typedef struct {
  const float *_Nonnull x;  // [items, height, width, channels]
  size_t items, height, width, channels, outputs;
  size_t stride;  // 1 or 2
  long padding;   // on each side; the result is (height + 2 padding - 3) / stride + 1 high
  const float *_Nonnull packed;
  float *_Nonnull y;
  const float *_Nullable bias;      // [outputs]
  const float *_Nullable residual;  // as y
  enum fk_activation activation;    // identity or ReLU
} fk_winograd_job;

void fk_winograd(const fk_winograd_job *_Nonnull job);

// dw [3, 3, C, O] = the gradient of the weights, stride 1, from the input x [items, height, width,
// channels] and the gradient dy of the result.
void fk_winograd_weights(const float *_Nonnull x, const float *_Nonnull dy, size_t items,
                         size_t height, size_t width, size_t channels, size_t outputs,
                         long padding, float *_Nonnull dw);

#endif
