#ifndef FK_THREADS_H
#define FK_THREADS_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// Runs task(context, i) for every i below count, on the calling thread and the pool's workers.
// Returns when all are done. A call from inside of a task, or while another thread uses the pool,
// runs on the calling thread alone. Which thread takes which index is not fixed, so a task's result
// must depend on its index only.
void fk_parallel_for(size_t count, void *context, void (*task)(void *context, size_t index));

// From now on, calls from the calling thread run on it alone. For threads that work beside the engine,
// such as those that load images: they must not hold the pool when the engine wants it.
void fk_leave_pool(void);

// How many indices of the calling thread's work other threads have taken so far.
size_t fk_helped_indices(void);

// How many processors the control groups of the process allow, rounded up; 0 for no limit. `root` is
// put before the system's paths; empty but in tests.
int fk_cpu_limit(const char *root);

// How many threads share the work, the calling one included. At least 1. At first KEEPFIT_NUM_THREADS, or
// the processors that the affinity mask and the control groups leave.
void fk_set_threads(int threads);
int fk_get_threads(void);

// A parallel region as it ran on one thread.
typedef struct {
  // The number of tasks, and how long each took, in nanoseconds.
  size_t count;
  const uint64_t *durations;
  // The time since the region before, in nanoseconds.
  uint64_t before;
} fk_region;

// From now on, every region runs on its calling thread alone and is reported to `listener`, before the call
// returns; NULL ends that. Only while no other thread uses the engine.
void fk_trace_regions(void (*_Nullable listener)(void *_Nullable context, const fk_region *region),
                      void *_Nullable context);

// Whether this is a build for the thread sanitizer.
bool fk_is_thread_sanitized(void);

FK_NONNULL_END
#endif
