// Memory-to-memory reading and writing of PNG, and reading of TIFF. libpng reports errors by
// longjmp, which Swift frames must not see, so that part is C. Nothing here trusts the data: sizes
// are reported first, the caller allocates, and every write is bounded by the caller's capacity.
#ifndef C_IMAGE_CODECS_H
#define C_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
  IC_GREY = 0,
  IC_GREY_ALPHA = 1,
  IC_RGB = 2,
  IC_RGB_ALPHA = 3,
  IC_PALETTE = 4,
  IC_CMYK = 5,
  // RGB multiplied by its alpha.
  IC_RGB_ASSOCIATED = 6,
};

enum {
  IC_OK = 0,
  // The data ends too early.
  IC_TRUNCATED = 1,
  // The data is not what the format asks for.
  IC_DAMAGED = 2,
  // Valid, but of a kind that is not read here.
  IC_UNSUPPORTED = 3,
};

typedef struct {
  uint32_t width, height;
  // Samples of a pixel in the decoded rows.
  uint32_t channels;
  // 1, 2, 4, 8 or 16 bits of a sample. Decoded samples take one byte up to 8 bits, two above.
  uint32_t bit_depth;
  uint32_t kind;
  // How many bytes of samples a byte of this file can stand for at the most; 0 when unknown.
  uint32_t highest_ratio;
  // Entries past the file's own are black.
  uint8_t palette[768];
} ic_header;

typedef struct {
  char text[160];
} ic_message;

int ic_png_header(const uint8_t *data, size_t size, ic_header *header, ic_message *message);

// samples: height x width x channels in native byte order. tolerant: keep the rows that there are
// when the data ends early or a checksum is wrong.
int ic_png_decode(const uint8_t *data, size_t size, const ic_header *header, uint8_t *samples,
                  size_t capacity, int tolerant, ic_message *message);

typedef int (*ic_sink)(void *context, const uint8_t *bytes, size_t count);

// 8-bit gray (1 channel) or RGB (3). The sink returns 0 when it could take the bytes.
int ic_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                  int compression, ic_sink sink, void *context, ic_message *message);

int ic_tiff_header(const uint8_t *data, size_t size, ic_header *header, ic_message *message);
int ic_tiff_decode(const uint8_t *data, size_t size, const ic_header *header, uint8_t *samples,
                   size_t capacity, int tolerant, ic_message *message);

#pragma clang assume_nonnull end
#endif
