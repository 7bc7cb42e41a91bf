#include "CDICOMCodecs.h"

// An empty file without the trait.
typedef int dc_jpeg2000_unit;

#ifdef KEEPFIT_DICOM

#include <openjpeg.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const uint8_t *data;
  size_t size, offset;
  dc_message *message;
} source;

static OPJ_SIZE_T on_read(void *target, OPJ_SIZE_T count, void *user) {
  source *state = user;
  const size_t left = state->size - state->offset;
  if (left == 0) return (OPJ_SIZE_T)-1;
  const size_t taken = count < left ? count : left;
  memcpy(target, state->data + state->offset, taken);
  state->offset += taken;
  return taken;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T count, void *user) {
  source *state = user;
  if (count < 0) {
    if ((uint64_t)-count > state->offset) return -1;
  } else if ((uint64_t)count > state->size - state->offset) {
    return -1;
  }
  state->offset = (size_t)((OPJ_OFF_T)state->offset + count);
  return count;
}

static OPJ_BOOL on_seek(OPJ_OFF_T offset, void *user) {
  source *state = user;
  if (offset < 0 || (uint64_t)offset > state->size) return OPJ_FALSE;
  state->offset = (size_t)offset;
  return OPJ_TRUE;
}

// The first message is the cause; those after it are what follows from it.
static void on_error(const char *text, void *user) {
  source *state = user;
  if (state->message->text[0] != 0) return;
  snprintf(state->message->text, sizeof state->message->text, "JPEG 2000: %s", text);
}

static void on_note(const char *text, void *user) {
  (void)text;
  (void)user;
}

static int mismatch(const opj_image_t *image, dc_message *message) {
  snprintf(message->text, sizeof message->text,
           "the JPEG 2000 code stream has %u x %u pixels of %u components", image->x1 - image->x0,
           image->y1 - image->y0, image->numcomps);
  return DC_MISMATCH;
}

static int check(const opj_image_t *image, const dc_frame *frame, dc_message *message) {
  if (image->numcomps != frame->components || image->x1 - image->x0 != frame->width ||
      image->y1 - image->y0 != frame->height)
    return mismatch(image, message);
  for (OPJ_UINT32 index = 0; index < image->numcomps; ++index) {
    const opj_image_comp_t *component = &image->comps[index];
    const opj_image_comp_t *first = &image->comps[0];
    if (component->dx != 1 || component->dy != 1 || component->w != frame->width ||
        component->h != frame->height || component->prec != first->prec ||
        component->sgnd != first->sgnd) {
      snprintf(message->text, sizeof message->text, "JPEG 2000 with components that differ");
      return DC_UNSUPPORTED;
    }
    if (component->prec < 1 || component->prec > 16) {
      snprintf(message->text, sizeof message->text, "JPEG 2000 with %u bits", component->prec);
      return DC_UNSUPPORTED;
    }
  }
  return DC_OK;
}

static int has_color_transform(opj_codec_t *codec) {
  opj_codestream_info_v2_t *info = opj_get_cstr_info(codec);
  if (info == NULL) return 0;
  const int found = info->m_default_tile_info.mct != 0;
  opj_destroy_cstr_info(&info);
  return found;
}

static int decode(opj_codec_t *codec, opj_stream_t *stream, opj_image_t **image, dc_frame *frame,
                  uint16_t *samples, size_t capacity, dc_message *message) {
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec, &parameters)) return DC_DAMAGED;
  if (!opj_read_header(stream, codec, image) || *image == NULL) return DC_DAMAGED;
  int status = check(*image, frame, message);
  if (status != DC_OK) return status;
  const size_t pixels = (size_t)frame->width * frame->height;
  if (pixels * frame->components > capacity) return mismatch(*image, message);
  frame->has_color_transform = (uint32_t)has_color_transform(codec);
  if (!opj_decode(codec, stream, *image)) return DC_DAMAGED;
  // The end of the code stream may be missing, as long as all of its tiles are there.
  (void)opj_end_decompress(codec, stream);
  status = check(*image, frame, message);
  if (status != DC_OK) return status;
  frame->precision = (*image)->comps[0].prec;
  frame->is_signed = (*image)->comps[0].sgnd;
  for (size_t component = 0; component < frame->components; ++component) {
    const OPJ_INT32 *values = (*image)->comps[component].data;
    if (values == NULL) return DC_DAMAGED;
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      samples[pixel * frame->components + component] = (uint16_t)values[pixel];
  }
  return DC_OK;
}

int dc_jpeg2000_decode(const uint8_t *data, size_t size, dc_frame *frame, uint16_t *samples,
                       size_t capacity, dc_message *message) {
  source state = {.data = data, .size = size, .message = message};
  // The code stream itself, or in a JP2 file, whose first box has a signature.
  static const uint8_t box[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  const int is_file = size > sizeof box && memcmp(data, box, sizeof box) == 0;
  opj_codec_t *codec = opj_create_decompress(is_file ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  opj_stream_t *stream = opj_stream_create(size < 65536 ? 4096 : 65536, OPJ_TRUE);
  opj_image_t *image = NULL;
  int status = DC_UNSUPPORTED;
  if (codec != NULL && stream != NULL) {
    opj_set_error_handler(codec, on_error, &state);
    opj_set_warning_handler(codec, on_note, &state);
    opj_set_info_handler(codec, on_note, &state);
    opj_stream_set_user_data(stream, &state, NULL);
    opj_stream_set_user_data_length(stream, size);
    opj_stream_set_read_function(stream, on_read);
    opj_stream_set_skip_function(stream, on_skip);
    opj_stream_set_seek_function(stream, on_seek);
    status = decode(codec, stream, &image, frame, samples, capacity, message);
  }
  if (image != NULL) opj_image_destroy(image);
  if (stream != NULL) opj_stream_destroy(stream);
  if (codec != NULL) opj_destroy_codec(codec);
  if (status != DC_OK && message->text[0] == 0)
    snprintf(message->text, sizeof message->text, "the JPEG 2000 code stream is damaged");
  return status;
}

#endif
