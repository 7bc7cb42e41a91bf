#ifndef FK_QUANTIZED_H
#define FK_QUANTIZED_H
#include "fk_gemm.h"

// Products of bytes: values 0...255 times weights -127...127, with sums in 32-bit integers.
//
//     y = act(scale * (A B) + bias + residual)      as floats, or as bytes for the next product
//
// Channels come in fours. A "quad" is four neighboring bytes; it takes the place of a float in fk_rows
// and fk_target, so that all their lengths and strides count quads. Integer sums are exact, hence y has
// the same bits for any number of threads.
//
// The tile is that of fk_gemm, 14 rows and 2 vectors. What was tried on Zen 4 (peak 940 Gop/s, 14 x 2
// vpdpbusd): sums written to a buffer and finished by code that the compiler made vectors of, 180 Gop/s
// for 64 -> 256 channels with a residual, 770 for 3x3; finished in registers, 630 and 900.

typedef struct {
  fk_rows a;  // in quads
  size_t row_count;
  const int8_t *_Nonnull packed;   // from fk_quantized_pack
  size_t columns;                  // N, a multiple of 4
  const float *_Nonnull scale;     // [N]
  const float *_Nonnull bias;      // [N]
  const float *_Nullable residual; // [rows, N]
  const uint8_t *_Nullable byte_residual;  // [rows, N], times byte_residual_scale
  float byte_residual_scale;
  bool relu;
  float *_Nullable floats;  // [rows, N]; where this is NULL, y goes to bytes
  fk_target bytes;          // in quads: min(255, round(y)); scale and bias count steps of the bytes
} fk_quantized_job;

// Bytes that the packed form of a [K, N] matrix takes; K is a multiple of 4.
size_t fk_quantized_packed_count(size_t k, size_t n);

// Rounds column n of B [K, N], divided by step[n], to whole numbers and packs it.
void fk_quantized_pack(const float *_Nonnull b, size_t k, size_t n, const float *_Nonnull step,
                       int8_t *_Nonnull packed);

// A whole job, shared among the threads of the pool.
void fk_quantized(const fk_quantized_job *_Nonnull job);

// out = min(255, round(max(0, x) * scale))
void fk_quantize(const float *_Nonnull x, float scale, uint8_t *_Nonnull out, size_t count);

// Whether the processor multiplies bytes faster than floats (AVX-512 VNNI).
bool fk_has_byte_products(void);

#endif
