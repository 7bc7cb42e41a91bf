// The C that a compiler must see to emit AVX-512, AVX2 or NEON. Umbrella of the module.
#ifndef C_FUNDUS_KERNELS_H
#define C_FUNDUS_KERNELS_H

#include "fk_activation.h"
#include "fk_attention.h"
#include "fk_augment.h"
#include "fk_batch_norm.h"
#include "fk_blas.h"
#include "fk_common.h"
#include "fk_cpu.h"
#include "fk_design.h"
#include "fk_deviation_norm.h"
#include "fk_digest.h"
#include "fk_elementwise.h"
#include "fk_gathered_attention.h"
#include "fk_gemm.h"
#include "fk_layernorm.h"
#include "fk_layout.h"
#include "fk_optimizers.h"
#include "fk_outer.h"
#include "fk_pooling.h"
#include "fk_quantized.h"
#include "fk_random.h"
#include "fk_reduce_rows.h"
#include "fk_resample.h"
#include "fk_scratch.h"
#include "fk_sample_training.h"
#include "fk_search.h"
#include "fk_softmax.h"
#include "fk_threads.h"
#include "fk_winograd.h"

#endif
