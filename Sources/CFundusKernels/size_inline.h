// Arithmetic of sizes. Private to the kernels.
#ifndef FK_SIZE_INLINE_H
#define FK_SIZE_INLINE_H
#include <stddef.h>

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

#endif
