#include <cblas.h>
/* Exported by OpenBLAS and declared in no header: they re-select the kernels. */
extern char *openblas_get_corename(void);
extern void openblas_set_num_threads(int);
void gotoblas_init(void);
void gotoblas_quit(void);
