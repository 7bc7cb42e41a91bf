#include "fk_reduce_rows.h"

#include <stdlib.h>
#include <string.h>

#include "fk_threads.h"

enum { ROWS_PER_PART = 2048 };

typedef struct {
  const float *x;
  size_t rows, columns;
  double *sums;  // [parts, columns]
} column_job;

FK_CLONES static void add_rows(const float *x, size_t rows, size_t columns, double *sums) {
  memset(sums, 0, columns * sizeof(double));
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) sums[c] += x[r * columns + c];
}

static void sum_part(void *context, size_t part) {
  const column_job *job = context;
  const size_t first = part * ROWS_PER_PART, left = job->rows - first;
  add_rows(job->x + first * job->columns, left < ROWS_PER_PART ? left : ROWS_PER_PART,
           job->columns, job->sums + part * job->columns);
}

void fk_column_sums(const float *x, size_t rows, size_t columns, float *out) {
  const size_t parts = (rows + ROWS_PER_PART - 1) / ROWS_PER_PART;
  column_job job = {x, rows, columns, malloc((parts * columns + 1) * sizeof(double))};
  if (!job.sums) abort();
  fk_parallel_for(parts, &job, sum_part);
  for (size_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (size_t part = 0; part < parts; ++part) sum += job.sums[part * columns + c];
    out[c] = (float)sum;
  }
  free(job.sums);
}
