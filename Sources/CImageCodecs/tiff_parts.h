// What reading a TIFF's header and its pixels share. Private to the codecs.
#ifndef IC_TIFF_PARTS_H
#define IC_TIFF_PARTS_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "CImageCodecs.h"

// libtiff reads through these, never past the end of the caller's memory.
typedef struct {
  const uint8_t *data;
  uint64_t size, offset;
  ic_message *message;
} tiff_state;

typedef struct {
  uint16_t bits, samples, photometric, planar, compression, format, extra;
  int tiled;
  // The library's own conversion to RGBA, for what the code here does not unpack.
  int through_rgba;
} tiff_layout;

TIFF *ic_open_tiff(tiff_state *state);

int ic_read_layout(TIFF *tiff, tiff_layout *layout, ic_header *header, ic_message *message);

static inline int say(ic_message *message, int status, const char *text, unsigned value) {
  if (message->text[0] == 0) snprintf(message->text, sizeof message->text, text, value);
  return status;
}

#endif
