#include "tiff_parts.h"

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

TIFF *ic_open_tiff(tiff_state *state) {
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

int ic_read_layout(TIFF *tiff, tiff_layout *layout, ic_header *header, ic_message *message) {
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
  TIFF *tiff = ic_open_tiff(&state);
  if (tiff == NULL) return IC_DAMAGED;
  tiff_layout layout;
  int status = ic_read_layout(tiff, &layout, header, message);
  if (status == IC_OK && header->kind == IC_PALETTE) read_palette(tiff, &layout, header->palette);
  TIFFClose(tiff);
  return status;
}
