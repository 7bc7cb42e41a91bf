#include "fk_scratch.h"

#include <pthread.h>
#include <stdatomic.h>
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

static void (*_Atomic spare)(void);

void fk_when_memory_is_short(void (*give_back)(void)) { atomic_store(&spare, give_back); }

static bool allocate(size_t alignment) {
  if (posix_memalign(&block, alignment, capacity) == 0) return true;
  void (*give_back_more)(void) = atomic_load(&spare);
  if (give_back_more) {
    give_back_more();
    if (posix_memalign(&block, alignment, capacity) == 0) return true;
  }
  return false;
}

static void make_key(void) { pthread_key_create(&key, give_back); }

void *fk_scratch(size_t bytes) {
  if (bytes <= capacity) return block;
  const size_t page = (size_t)2 << 20;  // huge pages spare address translations
  free(block);
  capacity = (bytes + page - 1) / page * page;
  if (!allocate(page)) {
    fprintf(stderr, "out of memory: %zu bytes were requested\n", bytes);
    abort();
  }
#ifdef __linux__
  madvise(block, capacity, MADV_HUGEPAGE);
#endif
  pthread_once(&once, make_key);
  pthread_setspecific(key, block);
  return block;
}
