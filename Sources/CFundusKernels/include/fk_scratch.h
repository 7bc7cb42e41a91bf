#ifndef FK_SCRATCH_H
#define FK_SCRATCH_H
#include "fk_common.h"

// Memory of the calling thread, 64-byte aligned and kept for the next use: what a task needs for a
// moment. It holds until the thread asks again; a kernel that runs inside of another's task must not.
// The thread's end gives it back.
void *_Nonnull fk_scratch(size_t bytes);

// Names what to call when the system has no memory left, before a second and last try: it gives back
// what can be spared, on whichever thread asked.
void fk_when_memory_is_short(void (*_Nonnull give_back)(void));

#endif
