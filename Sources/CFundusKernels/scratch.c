#include "fk_scratch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

static _Thread_local void *block;
static _Thread_local size_t capacity;

// A thread that ends gives its memory back. The key's value is the block itself, so that threads that
// never asked have nothing to do.
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void give_back(void *memory) {
  free(memory);
  // Destructors of other keys may ask again.
  block = NULL;
  capacity = 0;
}

static void make_key(void) { pthread_key_create(&key, give_back); }

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
  pthread_once(&once, make_key);
  pthread_setspecific(key, block);
  return block;
}
