#include "fk_scratch.h"

#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

static _Thread_local void *block;
static _Thread_local size_t capacity;

void *fk_scratch(size_t bytes) {
  if (bytes <= capacity) return block;
  const size_t page = (size_t)2 << 20;  // huge pages spare address translations
  free(block);
  capacity = (bytes + page - 1) / page * page;
  if (posix_memalign(&block, page, capacity) != 0) {
    fprintf(stderr, "out of memory: %zu bytes were asked for\n", bytes);
    abort();
  }
#ifdef __linux__
  madvise(block, capacity, MADV_HUGEPAGE);
#endif
  return block;
}
