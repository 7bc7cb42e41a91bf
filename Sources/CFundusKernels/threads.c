// A pool of waiting threads. Layers of a network last tens of microseconds, so workers spin a while
// before they sleep; a worker that wakes too late for a job finds it closed and is not waited for.
#define _GNU_SOURCE  // sched_getaffinity
#include "fk_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define PAUSE() _mm_pause()
#else
#define PAUSE() __asm__ __volatile__("yield")
#endif

// Spinning goes by time: a pause takes 40 cycles on some processors and 140 on others.
enum { MAX_THREADS = 256, SPIN_NANOSECONDS = 100000, SPINS_BETWEEN_LOOKS = 64, SPINS_BEFORE_YIELD = 2000 };
// What threads write lies on cache lines of its own (two, which processors fetch together).
#define APART _Alignas(128)

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the caller of a job
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static atomic_int sleepers;
static atomic_int wanted_threads;  // 0: not chosen yet
static int workers;                // started so far; guarded by owner

APART static atomic_ulong generation;  // even: closed, odd: a job is open
static size_t job_count;
static void *job_context;
static void (*job_task)(void *, size_t);
APART static atomic_size_t job_next;
APART static atomic_int job_places;  // how many more workers may join
APART static atomic_int inside;      // workers that may be touching the job

static _Thread_local bool is_inside_task;
static _Thread_local size_t helped;

static size_t run_indices(void) {
  size_t done = 0;
  is_inside_task = true;
  for (;;) {
    size_t index = atomic_fetch_add_explicit(&job_next, 1, memory_order_relaxed);
    if (index >= job_count) break;
    job_task(job_context, index);
    ++done;
  }
  is_inside_task = false;
  return done;
}

size_t fk_helped_indices(void) { return helped; }

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *work(void *unused) {
  (void)unused;
  unsigned long seen = 0;
  for (;;) {
    unsigned long now;
    const uint64_t start = nanoseconds();
    unsigned spins = 0;
    while ((now = atomic_load(&generation)) == seen || (now & 1) == 0) {
      if (++spins % SPINS_BETWEEN_LOOKS != 0 || nanoseconds() - start < SPIN_NANOSECONDS) {
        PAUSE();
        continue;
      }
      pthread_mutex_lock(&sleep_lock);
      atomic_fetch_add(&sleepers, 1);
      while ((now = atomic_load(&generation)) == seen || (now & 1) == 0)
        pthread_cond_wait(&wake, &sleep_lock);
      atomic_fetch_sub(&sleepers, 1);
      pthread_mutex_unlock(&sleep_lock);
    }
    seen = now;
    atomic_fetch_add(&inside, 1);
    if (atomic_load(&generation) == now && atomic_fetch_sub(&job_places, 1) > 0) run_indices();
    atomic_fetch_sub(&inside, 1);
  }
  return NULL;
}

int fk_get_threads(void) {
  int threads = atomic_load(&wanted_threads);
  if (threads > 0) return threads;
  const char *wish = getenv("KEEPFIT_NUM_THREADS");
  int wished = wish ? atoi(wish) : 0;
#ifdef __linux__
  cpu_set_t set;
  threads = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
#else
  threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
#endif
  int limit = fk_cpu_limit("");
  if (limit > 0 && limit < threads) threads = limit;
  if (wished > 0) threads = wished;
  if (threads < 1) threads = 1;
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  int unset = 0;
  atomic_compare_exchange_strong(&wanted_threads, &unset, threads);
  return atomic_load(&wanted_threads);
}

void fk_set_threads(int threads) {
  if (threads < 1) threads = 1;
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  atomic_store(&wanted_threads, threads);
}

void fk_leave_pool(void) { is_inside_task = true; }

bool fk_is_thread_sanitized(void) {
#ifdef FK_THREAD_SANITIZER
  return true;
#else
  return false;
#endif
}

static void (*trace)(void *, const fk_region *);
static void *trace_context;
static uint64_t trace_end;

void fk_trace_regions(void (*listener)(void *, const fk_region *), void *context) {
  trace = listener;
  trace_context = context;
  trace_end = nanoseconds();
}

static void run_traced(size_t count, void *context, void (*task)(void *, size_t)) {
  uint64_t *durations = malloc((count + 1) * sizeof *durations);
  if (!durations) abort();
  fk_region region = {.count = count, .durations = durations};
  uint64_t start = nanoseconds();
  region.before = start - trace_end;
  is_inside_task = true;
  for (size_t index = 0; index < count; ++index) {
    task(context, index);
    const uint64_t now = nanoseconds();
    durations[index] = now - start;
    start = now;
  }
  is_inside_task = false;
  trace(trace_context, &region);
  free(durations);
  trace_end = nanoseconds();
}

void fk_parallel_for(size_t count, void *context, void (*task)(void *, size_t)) {
  if (trace && !is_inside_task) return run_traced(count, context, task);
  int threads = fk_get_threads();
  if (count <= 1 || threads == 1 || is_inside_task || pthread_mutex_trylock(&owner) != 0) {
    for (size_t index = 0; index < count; ++index) task(context, index);
    return;
  }
  while (workers < threads - 1) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    int failure = pthread_create(&thread, &attributes, work, NULL);
    pthread_attr_destroy(&attributes);
    if (failure) break;
    ++workers;
  }
  // No more workers than there are tasks for.
  const int places = (size_t)threads < count ? threads - 1 : (int)count - 1;
  job_count = count;
  job_context = context;
  job_task = task;
  atomic_store(&job_next, 0);
  atomic_store(&job_places, places);
  atomic_fetch_add(&generation, 1);
  const int asleep = atomic_load(&sleepers), needed = places - (workers - asleep);
  if (asleep > 0 && needed > 0) {
    pthread_mutex_lock(&sleep_lock);
    if (needed >= asleep)
      pthread_cond_broadcast(&wake);
    else
      for (int i = 0; i < needed; ++i) pthread_cond_signal(&wake);
    pthread_mutex_unlock(&sleep_lock);
  }
  helped += count - run_indices();
  atomic_fetch_add(&generation, 1);
  for (int spins = 0; atomic_load(&inside) > 0;) {
    if (++spins < SPINS_BEFORE_YIELD)
      PAUSE();
    else
      sched_yield();
  }
  pthread_mutex_unlock(&owner);
}
