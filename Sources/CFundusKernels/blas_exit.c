// A thread that multiplies while main returns must not lose its buffers under its feet: OpenBLAS unmaps
// them when the process exits.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fk_blas.h"

enum { LONGEST_WAIT_SECONDS = 10 };

static atomic_int calls;  // under way
static atomic_bool is_exiting;
static pthread_t exiting_thread;  // written before is_exiting

static void wait_for_calls(void) {
  exiting_thread = pthread_self();
  atomic_store(&is_exiting, true);
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  while (atomic_load(&calls) > 0) {
    sched_yield();
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - start.tv_sec > LONGEST_WAIT_SECONDS) return;
  }
}

// Registered when the program starts, so it runs after the program's own handlers and before those of
// the libraries that it is linked with.
__attribute__((constructor)) static void watch_exit(void) { atexit(wait_for_calls); }

void fk_blas_enter(void) {
  atomic_fetch_add(&calls, 1);
  if (!atomic_load(&is_exiting)) return;
  if (pthread_equal(pthread_self(), exiting_thread)) return;
  atomic_fetch_sub(&calls, 1);
  for (;;) pause();  // until the process is gone
}

void fk_blas_leave(void) { atomic_fetch_sub(&calls, 1); }
