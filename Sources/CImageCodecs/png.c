#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *data;
  size_t size, offset;
  size_t most_memory;  // the largest block that libpng may ask for
  int truncated, tolerant;
  ic_message *message;
  ic_sink sink;
  void *context;
} png_state;

static void on_error(png_structp png, png_const_charp text) {
  png_state *state = png_get_error_ptr(png);
  snprintf(state->message->text, sizeof state->message->text, "%s", text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
  png_state *state = png_get_io_ptr(png);
  size_t left = state->size - state->offset;
  if (count > left) {
    // libpng asks for blocks: a last block that is short may still hold rows.
    if (!state->tolerant || state->truncated) {
      state->truncated = 1;
      png_error(png, "the data ends too early");
    }
    state->truncated = 1;
    memset(target + left, 0, count - left);
    count = left;
  }
  memcpy(target, state->data + state->offset, count);
  state->offset += count;
}

// libpng asks for whatever length a chunk announces, before it has seen that the file is shorter.
static png_voidp on_allocate(png_structp png, png_alloc_size_t count) {
  png_state *state = png_get_mem_ptr(png);
  return count <= state->most_memory ? malloc(count) : NULL;
}

static void on_free(png_structp png, png_voidp block) {
  (void)png;
  free(block);
}

static png_structp open_reader(png_state *state, png_infop *info, int tolerant) {
  state->most_memory = state->size + (1 << 23);
  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, state, on_error, on_warning,
                                             state, on_allocate, on_free);
  if (png == NULL) return NULL;
  *info = png_create_info_struct(png);
  if (*info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    return NULL;
  }
  state->tolerant = tolerant;
  png_set_read_fn(png, state, on_read);
  // The pixel limit is the caller's. Text and profiles are of no use here and may be bombs.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_cache_max(png, 64);
  png_set_chunk_malloc_max(png, 1 << 22);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
#ifdef PNG_IGNORE_ADLER32
  if (tolerant) png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
#endif
  if (tolerant) png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  return png;
}

static void fill_palette(png_structp png, png_infop info, uint8_t *palette) {
  png_colorp entries = NULL;
  int count = 0;
  if (png_get_PLTE(png, info, &entries, &count) == 0) return;
  for (int i = 0; i < count && i < 256; ++i) {
    palette[3 * i] = entries[i].red;
    palette[3 * i + 1] = entries[i].green;
    palette[3 * i + 2] = entries[i].blue;
  }
}

static int failure(const png_state *state) {
  return state->truncated ? IC_TRUNCATED : IC_DAMAGED;
}

int ic_png_header(const uint8_t *data, size_t size, ic_header *header, ic_message *message) {
  png_state state = {.data = data, .size = size, .message = message};
  png_infop info = NULL;
  png_structp png = open_reader(&state, &info, 0);
  if (png == NULL) return IC_UNSUPPORTED;
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return failure(&state);
  }
  png_read_info(png, info);
  memset(header, 0, sizeof *header);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->channels = png_get_channels(png, info);
  header->highest_ratio = 1032;  // of deflate
  switch (png_get_color_type(png, info)) {
    case PNG_COLOR_TYPE_GRAY: header->kind = IC_GREY; break;
    case PNG_COLOR_TYPE_GRAY_ALPHA: header->kind = IC_GREY_ALPHA; break;
    case PNG_COLOR_TYPE_PALETTE: header->kind = IC_PALETTE; break;
    case PNG_COLOR_TYPE_RGB_ALPHA: header->kind = IC_RGB_ALPHA; break;
    default: header->kind = IC_RGB; break;
  }
  fill_palette(png, info, header->palette);
  png_destroy_read_struct(&png, &info, NULL);
  return IC_OK;
}

int ic_png_decode(const uint8_t *data, size_t size, const ic_header *header, uint8_t *samples,
                  size_t capacity, int tolerant, ic_message *message) {
  png_state state = {.data = data, .size = size, .message = message};
  png_infop info = NULL;
  png_structp png = open_reader(&state, &info, tolerant);
  if (png == NULL) return IC_UNSUPPORTED;
  // Set before setjmp, freed after it: the value must survive the jump.
  png_bytep *volatile rows = NULL;
  volatile int reading = 0;
  if (setjmp(png_jmpbuf(png))) {
    free(rows);
    png_destroy_read_struct(&png, &info, NULL);
    return tolerant && reading ? IC_OK : failure(&state);
  }
  png_read_info(png, info);
  state.most_memory += (size_t)header->width * 16;  // rows, whose width was accepted
  if (header->bit_depth < 8) png_set_packing(png);
  const uint16_t probe = 1;
  if (header->bit_depth == 16 && *(const uint8_t *)&probe == 1) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_bytes = png_get_rowbytes(png, info);
  size_t expected =
      (size_t)header->width * header->channels * (header->bit_depth == 16 ? 2 : 1);
  if (row_bytes != expected || png_get_image_height(png, info) != header->height ||
      row_bytes * header->height > capacity) {
    png_destroy_read_struct(&png, &info, NULL);
    snprintf(message->text, sizeof message->text, "two headers that differ");
    return IC_DAMAGED;
  }
  rows = malloc(sizeof(png_bytep) * header->height);
  if (rows == NULL) {
    png_destroy_read_struct(&png, &info, NULL);
    snprintf(message->text, sizeof message->text, "out of memory");
    return IC_UNSUPPORTED;
  }
  for (uint32_t y = 0; y < header->height; ++y) rows[y] = samples + y * row_bytes;
  reading = 1;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  free(rows);
  png_destroy_read_struct(&png, &info, NULL);
  return IC_OK;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
  png_state *state = png_get_io_ptr(png);
  if (state->sink(state->context, bytes, count) != 0) png_error(png, "the bytes were not taken");
}

static void on_flush(png_structp png) { (void)png; }

int ic_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                  int compression, ic_sink sink, void *context, ic_message *message) {
  png_state state = {.data = pixels, .message = message, .sink = sink, .context = context};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  if (png == NULL) return IC_UNSUPPORTED;
  png_infop info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    return IC_UNSUPPORTED;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return IC_DAMAGED;
  }
  png_set_write_fn(png, &state, on_write, on_flush);
  png_set_compression_level(png, compression);
  png_set_IHDR(png, info, width, height, 8,
               channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; ++y)
    png_write_row(png, pixels + (size_t)y * width * channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return IC_OK;
}
