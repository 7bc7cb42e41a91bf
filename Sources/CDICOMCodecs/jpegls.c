#include "CDICOMCodecs.h"

// An empty file without the trait.
typedef int dc_jpegls_unit;

#ifdef KEEPFIT_DICOM

#include <charls/charls.h>
#include <stdio.h>
#include <stdlib.h>

static int failure(charls_jpegls_errc code, dc_message *message) {
  snprintf(message->text, sizeof message->text, "JPEG-LS: %s", charls_get_error_message(code));
  return DC_DAMAGED;
}

static int mismatch(const charls_frame_info *info, dc_message *message) {
  snprintf(message->text, sizeof message->text,
           "the JPEG-LS code stream has %u x %u pixels of %d components", info->width,
           info->height, info->component_count);
  return DC_MISMATCH;
}

static int decode(charls_jpegls_decoder *decoder, const uint8_t *data, size_t size,
                  dc_frame *frame, uint16_t *samples, size_t capacity, dc_message *message) {
  charls_jpegls_errc code = charls_jpegls_decoder_set_source_buffer(decoder, data, size);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) return failure(code, message);
  code = charls_jpegls_decoder_read_header(decoder);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) return failure(code, message);
  charls_frame_info info = {0};
  code = charls_jpegls_decoder_get_frame_info(decoder, &info);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) return failure(code, message);
  if (info.width != frame->width || info.height != frame->height ||
      info.component_count != (int32_t)frame->components)
    return mismatch(&info, message);
  if (info.bits_per_sample < 2 || info.bits_per_sample > 16) {
    snprintf(message->text, sizeof message->text, "JPEG-LS with %d bits", info.bits_per_sample);
    return DC_UNSUPPORTED;
  }
  const size_t pixels = (size_t)info.width * info.height;
  const size_t count = pixels * frame->components;
  const size_t sample = info.bits_per_sample > 8 ? 2 : 1;
  size_t needed = 0;
  code = charls_jpegls_decoder_get_destination_size(decoder, 0, &needed);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) return failure(code, message);
  charls_interleave_mode mode = CHARLS_INTERLEAVE_MODE_NONE;
  code = charls_jpegls_decoder_get_interleave_mode(decoder, &mode);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) return failure(code, message);
  if (needed != count * sample || count > capacity) return mismatch(&info, message);
  uint8_t *decoded = calloc(count, sample);
  if (decoded == NULL) {
    snprintf(message->text, sizeof message->text, "out of memory");
    return DC_UNSUPPORTED;
  }
  code = charls_jpegls_decoder_decode_to_buffer(decoder, decoded, needed, 0);
  if (code != CHARLS_JPEGLS_ERRC_SUCCESS) {
    free(decoded);
    return failure(code, message);
  }
  // Without interleaving there is a plane for each component.
  const int planar = mode == CHARLS_INTERLEAVE_MODE_NONE;
  const uint16_t *words = (const uint16_t *)(const void *)decoded;
  for (size_t pixel = 0; pixel < pixels; ++pixel) {
    for (size_t component = 0; component < frame->components; ++component) {
      const size_t target = pixel * frame->components + component;
      const size_t source = planar ? component * pixels + pixel : target;
      samples[target] = sample == 2 ? words[source] : decoded[source];
    }
  }
  free(decoded);
  frame->precision = (uint32_t)info.bits_per_sample;
  frame->is_signed = 0;
  frame->has_color_transform = 0;
  return DC_OK;
}

int dc_jpegls_decode(const uint8_t *data, size_t size, dc_frame *frame, uint16_t *samples,
                     size_t capacity, dc_message *message) {
  charls_jpegls_decoder *decoder = charls_jpegls_decoder_create();
  if (decoder == NULL) {
    snprintf(message->text, sizeof message->text, "the JPEG-LS library could not be initialized");
    return DC_UNSUPPORTED;
  }
  const int status = decode(decoder, data, size, frame, samples, capacity, message);
  charls_jpegls_decoder_destroy(decoder);
  return status;
}

#endif
