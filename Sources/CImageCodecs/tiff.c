#include "CImageCodecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// libtiff reads through these, never past the end of the caller's memory.
typedef struct {
  const uint8_t *data;
  uint64_t size, offset;
  ic_message *message;
} tiff_state;

static tmsize_t on_read(thandle_t handle, void *target, tmsize_t count) {
  tiff_state *state = handle;
  uint64_t left = state->offset < state->size ? state->size - state->offset : 0;
  uint64_t taken = count < 0 ? 0 : (uint64_t)count < left ? (uint64_t)count : left;
  memcpy(target, state->data + (taken > 0 ? state->offset : 0), taken);
  state->offset += taken;
  return (tmsize_t)taken;
}

static tmsize_t on_write(thandle_t handle, void *source, tmsize_t count) {
  (void)handle;
  (void)source;
  (void)count;
  return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  tiff_state *state = handle;
  uint64_t base = whence == SEEK_CUR ? state->offset : whence == SEEK_END ? state->size : 0;
  state->offset = base + offset;
  return state->offset;
}

static int on_close(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t on_size(thandle_t handle) { return ((tiff_state *)handle)->size; }

static int on_map(thandle_t handle, void **base, toff_t *size) {
  (void)handle;
  (void)base;
  (void)size;
  return 0;
}

static void on_unmap(thandle_t handle, void *base, toff_t size) {
  (void)handle;
  (void)base;
  (void)size;
}

#if TIFFLIB_VERSION >= 20221213
#define HAS_OPEN_OPTIONS 1
static int keep_error(TIFF *tiff, void *user, const char *module, const char *format,
                      va_list arguments) {
  (void)tiff;
  (void)module;
  ic_message *message = user;
  // The first error is the cause; what follows is its consequence.
  if (message->text[0] == 0) vsnprintf(message->text, sizeof message->text, format, arguments);
  return 1;
}

static int drop_warning(TIFF *tiff, void *user, const char *module, const char *format,
                        va_list arguments) {
  (void)tiff;
  (void)user;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}
#endif

static TIFF *open_tiff(tiff_state *state) {
  // m: do not map. The other letters are the defaults.
#ifdef HAS_OPEN_OPTIONS
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (options == NULL) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, state->message);
  TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, NULL);
  // A bound on tables and strips that grows with the file.
  uint64_t most = state->size < (1u << 20) ? (1u << 26) : state->size * 64;
  if (most > (1u << 30)) most = 1u << 30;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)most);
  TIFF *tiff = TIFFClientOpenExt("", "rm", state, on_read, on_write, on_seek, on_close, on_size,
                                 on_map, on_unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
#else
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  return TIFFClientOpen("", "rm", state, on_read, on_write, on_seek, on_close, on_size, on_map,
                        on_unmap);
#endif
}

typedef struct {
  uint16_t bits, samples, photometric, planar, compression, format, extra;
  int tiled;
  // The library's own conversion to RGBA, for what the code here does not unpack.
  int through_rgba;
} tiff_layout;

static int say(ic_message *message, int status, const char *text, unsigned value) {
  if (message->text[0] == 0) snprintf(message->text, sizeof message->text, text, value);
  return status;
}

static int read_layout(TIFF *tiff, tiff_layout *layout, ic_header *header, ic_message *message) {
  memset(layout, 0, sizeof *layout);
  memset(header, 0, sizeof *header);
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &header->width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &header->height))
    return say(message, IC_DAMAGED, "it does not say how large it is", 0);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout->compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout->format);
  layout->tiled = TIFFIsTiled(tiff);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout->photometric))
    layout->photometric = layout->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  uint16_t extra_count = 0, *extra = NULL;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) && extra_count > 0)
    layout->extra = extra[0];

  switch (layout->compression) {
    case COMPRESSION_NONE: header->highest_ratio = 1; break;
    case COMPRESSION_PACKBITS: header->highest_ratio = 64; break;
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE: header->highest_ratio = 1032; break;
    case COMPRESSION_LZW: header->highest_ratio = 4096; break;
    case COMPRESSION_JPEG: header->highest_ratio = 2048; break;
    default: header->highest_ratio = 0; break;
  }
  if (layout->format != SAMPLEFORMAT_UINT && layout->format != SAMPLEFORMAT_VOID)
    return say(message, IC_UNSUPPORTED, "samples of format %u (only unsigned integers are read)",
               layout->format);
  int whole = layout->bits == 8 || layout->bits == 16;
  int small = layout->bits == 1 || layout->bits == 2 || layout->bits == 4;
  header->bit_depth = layout->bits;
  header->channels = layout->samples;
  switch (layout->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
      if ((layout->samples == 1 && (whole || small)) || (layout->samples == 2 && whole)) {
        header->kind = layout->samples == 1 ? IC_GREY : IC_GREY_ALPHA;
        return IC_OK;
      }
      break;
    case PHOTOMETRIC_RGB:
      if (whole && layout->samples >= 3 && layout->samples <= 8) {
        header->channels = layout->samples == 3 ? 3 : 4;
        header->kind = layout->samples == 3           ? IC_RGB
                       : layout->extra == EXTRASAMPLE_ASSOCALPHA ? IC_RGB_ASSOCIATED
                                                      : IC_RGB_ALPHA;
        return IC_OK;
      }
      break;
    case PHOTOMETRIC_PALETTE:
      if (layout->samples == 1 && (layout->bits == 8 || small)) {
        header->kind = IC_PALETTE;
        return IC_OK;
      }
      break;
    case PHOTOMETRIC_SEPARATED:
      if (whole && layout->samples >= 4 && layout->samples <= 8) {
        header->kind = IC_CMYK;
        header->channels = 4;
        return IC_OK;
      }
      break;
    case PHOTOMETRIC_YCBCR:
      if (layout->bits == 8 && layout->samples == 3 && layout->compression == COMPRESSION_JPEG &&
          layout->planar == PLANARCONFIG_CONTIG) {
        header->kind = IC_RGB;
        return IC_OK;
      }
      break;
    default: break;
  }
  char reason[1024] = "";
  if (!TIFFRGBAImageOK(tiff, reason))
    return say(message, IC_UNSUPPORTED, "samples of %u bits in a color space that is not read",
               layout->bits);
  layout->through_rgba = 1;
  header->kind = IC_RGB;
  header->channels = 3;
  header->bit_depth = 8;
  if (header->highest_ratio != 0) header->highest_ratio *= 32;
  return IC_OK;
}

static void read_palette(TIFF *tiff, const tiff_layout *layout, uint8_t *palette) {
  uint16_t *red = NULL, *green = NULL, *blue = NULL;
  if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue)) return;
  int count = 1 << layout->bits, wide = 0;
  // Some writers fill the 16-bit table with 8-bit values.
  for (int i = 0; i < count; ++i) wide |= red[i] > 255 || green[i] > 255 || blue[i] > 255;
  for (int i = 0; i < count; ++i) {
    palette[3 * i] = (uint8_t)(wide ? red[i] >> 8 : red[i]);
    palette[3 * i + 1] = (uint8_t)(wide ? green[i] >> 8 : green[i]);
    palette[3 * i + 2] = (uint8_t)(wide ? blue[i] >> 8 : blue[i]);
  }
}

int ic_tiff_header(const uint8_t *data, size_t size, ic_header *header, ic_message *message) {
  tiff_state state = {.data = data, .size = size, .message = message};
  TIFF *tiff = open_tiff(&state);
  if (tiff == NULL) return IC_DAMAGED;
  tiff_layout layout;
  int status = read_layout(tiff, &layout, header, message);
  if (status == IC_OK && header->kind == IC_PALETTE) read_palette(tiff, &layout, header->palette);
  TIFFClose(tiff);
  return status;
}

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
  TIFF *tiff = open_tiff(&state);
  if (tiff == NULL) return IC_DAMAGED;
  tiff_layout layout;
  ic_header again;
  int status = read_layout(tiff, &layout, &again, message);
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
