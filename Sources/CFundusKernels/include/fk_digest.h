#ifndef FK_DIGEST_H
#define FK_DIGEST_H

#include "fk_common.h"

FK_NONNULL_BEGIN

// 256 bits that tell contents apart, at the speed of memory. Not made to withstand an adversary.
void fk_digest(const void *bytes, size_t count, uint64_t digest[_Nonnull 4]);

FK_NONNULL_END

#endif
