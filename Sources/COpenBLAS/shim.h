#include <cblas.h>
/* Exported by OpenBLAS and declared in no header. */
extern char *openblas_get_corename(void);
extern void openblas_set_num_threads(int);
