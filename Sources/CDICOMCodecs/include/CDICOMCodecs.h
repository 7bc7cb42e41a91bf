// Memory-to-memory decoding of JPEG-LS and JPEG 2000 for the trait DICOM; without the trait there is nothing
// here. The caller states the size that it expects; a code stream of another size is refused before anything
// is allocated, and every write is bounded by the caller's capacity.
#ifndef C_DICOM_CODECS_H
#define C_DICOM_CODECS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
  DC_OK = 0,
  // The data is not what the format asks for, or ends too early.
  DC_DAMAGED = 1,
  // Valid, but of a kind that is not read here.
  DC_UNSUPPORTED = 2,
  // Another size or number of components than expected.
  DC_MISMATCH = 3,
};

typedef struct {
  uint32_t width, height, components;
  // Bits per sample, 1 to 16.
  uint32_t precision;
  // Whether samples are signed; they are then in two's complement of 16 bits.
  uint32_t is_signed;
  // JPEG 2000: whether a color transform was undone.
  uint32_t has_color_transform;
} dc_frame;

typedef struct {
  char text[160];
} dc_message;

// samples: height x width x components, the components of a pixel next to each other, 16 bits each.
// frame: width, height and components as expected; the other members are filled.
int dc_jpegls_decode(const uint8_t *data, size_t size, dc_frame *frame, uint16_t *samples,
                     size_t capacity, dc_message *message);
int dc_jpeg2000_decode(const uint8_t *data, size_t size, dc_frame *frame, uint16_t *samples,
                       size_t capacity, dc_message *message);

#pragma clang assume_nonnull end
#endif
