#include "tiff_parts.h"

// Copies a block of decoded samples into the image: from `samples` (of `stored` channels a pixel)
// into channels first_channel...
typedef struct {
  const ic_header *header;
  const tiff_layout *layout;
  uint8_t *target;
} tiff_copy;

static void copy_row(const tiff_copy *copy, const uint8_t *source, uint32_t x0, uint32_t y,
                     uint32_t width, uint32_t stored, uint32_t channel) {
  uint32_t channels = copy->header->channels, bits = copy->header->bit_depth;
  size_t start = ((size_t)y * copy->header->width + x0) * channels + channel;
  uint32_t taken = stored < channels - channel ? stored : channels - channel;
  int invert = copy->layout->photometric == PHOTOMETRIC_MINISWHITE;
  if (bits == 16) {
    uint16_t *target = (uint16_t *)copy->target + start;
    for (uint32_t x = 0; x < width; ++x)
      for (uint32_t c = 0; c < taken; ++c) {
        uint16_t value;
        memcpy(&value, source + ((size_t)x * stored + c) * 2, 2);
        target[(size_t)x * channels + c] = invert && c == 0 ? (uint16_t)(65535 - value) : value;
      }
    return;
  }
  uint8_t *target = copy->target + start;
  if (bits == 8 && stored == channels && !invert) {
    memcpy(target, source, (size_t)width * channels);
    return;
  }
  uint32_t largest = (1u << bits) - 1;
  for (uint32_t x = 0; x < width; ++x)
    for (uint32_t c = 0; c < taken; ++c) {
      size_t index = (size_t)x * stored + c;
      uint32_t value = source[index * bits / 8];
      if (bits < 8) value = (value >> (8 - bits - index * bits % 8)) & largest;
      target[(size_t)x * channels + c] = (uint8_t)(invert && c == 0 ? largest - value : value);
    }
}

// The bytes of one row of `width` pixels with `stored` samples each.
static size_t row_bytes(uint32_t width, uint32_t stored, uint32_t bits) {
  return ((size_t)width * stored * bits + 7) / 8;
}

static int read_blocks(TIFF *tiff, const tiff_copy *copy, size_t file_size, int tolerant,
                       ic_message *message) {
  const ic_header *header = copy->header;
  const tiff_layout *layout = copy->layout;
  uint32_t stored = layout->planar == PLANARCONFIG_CONTIG ? layout->samples : 1;
  uint32_t planes = layout->planar == PLANARCONFIG_CONTIG ? 1 : header->channels;
  uint32_t block_width = header->width, block_height = 0;
  if (layout->tiled) {
    if (!TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &block_width) ||
        !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &block_height))
      return say(message, IC_DAMAGED, "tiles without a size", 0);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &block_height);
    if (block_height > header->height) block_height = header->height;
  }
  if (block_width == 0 || block_height == 0)
    return say(message, IC_DAMAGED, "blocks without a size", 0);
  tmsize_t block = layout->tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  size_t line = row_bytes(block_width, stored, layout->bits);
  if (block <= 0 || block_height > (size_t)block / line)
    return say(message, IC_DAMAGED, "blocks of an impossible size", 0);
  uint64_t most = (uint64_t)(header->highest_ratio == 0 ? 1 << 16 : header->highest_ratio);
  if ((uint64_t)block / (most + 1) > file_size + 4096)
    return say(message, IC_TRUNCATED, "it is too small for its blocks", 0);
  uint8_t *buffer = malloc((size_t)block);
  if (buffer == NULL) return say(message, IC_UNSUPPORTED, "out of memory", 0);
  int status = IC_OK;
  for (uint32_t plane = 0; plane < planes && status == IC_OK; ++plane)
    for (uint32_t y = 0; y < header->height && status == IC_OK; y += block_height)
      for (uint32_t x = 0; x < header->width && status == IC_OK; x += block_width) {
        tmsize_t got =
            layout->tiled
                ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, (uint16_t)plane), buffer,
                                      block)
                : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, (uint16_t)plane), buffer,
                                       block);
        uint32_t rows = block_height < header->height - y ? block_height : header->height - y;
        uint32_t columns = block_width < header->width - x ? block_width : header->width - x;
        if (got < 0 || (size_t)got < line * rows) {
          if (got < 0 && !tolerant) status = say(message, IC_DAMAGED, "a block cannot be read", 0);
          else if (!tolerant) status = say(message, IC_TRUNCATED, "a block ends too early", 0);
          rows = got < 0 ? 0 : (uint32_t)((size_t)got / line);
        }
        for (uint32_t row = 0; row < rows; ++row)
          copy_row(copy, buffer + row * line, x, y + row, columns, stored, plane);
        if (block_width > header->width - x) break;
      }
  free(buffer);
  return status;
}

static int read_rgba(TIFF *tiff, const ic_header *header, uint8_t *samples, int tolerant,
                     ic_message *message) {
  size_t count = (size_t)header->width * header->height;
  uint32_t *raster = calloc(count, sizeof(uint32_t));
  if (raster == NULL) return say(message, IC_UNSUPPORTED, "out of memory", 0);
  int read = TIFFReadRGBAImageOriented(tiff, header->width, header->height, raster,
                                       ORIENTATION_TOPLEFT, tolerant ? 0 : 1);
  for (size_t i = 0; i < count; ++i) {
    samples[3 * i] = TIFFGetR(raster[i]);
    samples[3 * i + 1] = TIFFGetG(raster[i]);
    samples[3 * i + 2] = TIFFGetB(raster[i]);
  }
  free(raster);
  return read || tolerant ? IC_OK : say(message, IC_DAMAGED, "it cannot be read", 0);
}

int ic_tiff_decode(const uint8_t *data, size_t size, const ic_header *header, uint8_t *samples,
                   size_t capacity, int tolerant, ic_message *message) {
  tiff_state state = {.data = data, .size = size, .message = message};
  TIFF *tiff = ic_open_tiff(&state);
  if (tiff == NULL) return IC_DAMAGED;
  tiff_layout layout;
  ic_header again;
  int status = ic_read_layout(tiff, &layout, &again, message);
  size_t needed = (size_t)header->width * header->height * header->channels *
                  (header->bit_depth == 16 ? 2 : 1);
  if (status == IC_OK && (again.width != header->width || again.height != header->height ||
                          again.channels != header->channels || needed > capacity))
    status = say(message, IC_DAMAGED, "two headers that differ", 0);
  if (status == IC_OK) {
    if (layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG)
      TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    tiff_copy copy = {.header = header, .layout = &layout, .target = samples};
    status = layout.through_rgba ? read_rgba(tiff, header, samples, tolerant, message)
                                 : read_blocks(tiff, &copy, size, tolerant, message);
  }
  TIFFClose(tiff);
  return status;
}
