#ifndef FK_SCRATCH_H
#define FK_SCRATCH_H
#include "fk_common.h"

// Memory of the calling thread, 64-byte aligned and kept for the next use: what a task needs for a
// moment. It holds until the thread asks again; a kernel that runs inside of another's task must not.
void *_Nonnull fk_scratch(size_t bytes);

#endif
