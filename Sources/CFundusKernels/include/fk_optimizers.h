#ifndef FK_OPTIMIZERS_H
#define FK_OPTIMIZERS_H
#include "fk_common.h"
FK_NONNULL_BEGIN

// What one Adam step needs besides the four arrays. The gradient is multiplied by gradient_scale
// (norm clipping) on its way in.
typedef struct {
  float learning_rate, beta1, beta2, epsilon;
  float decay;           // AdamW: the parameter shrinks by learning_rate * decay
  float coupled_decay;   // Adam: decay * parameter is added to the gradient
  float gradient_scale;
  float gradient_limit;  // the gradient is held within +-limit; infinity for none
  float correction1, correction2;  // 1 - beta^step
} fk_adam_settings;

// One pass: both moments and the parameter. max_second, when given, keeps the largest second moment
// (AMSGrad) and takes its place in the denominator.
void fk_adam(float *parameter, const float *gradient, float *first, float *second,
             float *_Nullable max_second, long count, const fk_adam_settings *settings);

// velocity = momentum * velocity + gradient; parameter -= learning_rate * velocity.
void fk_sgd(float *parameter, const float *gradient, float *velocity, long count,
            float learning_rate, float momentum, float coupled_decay, float gradient_scale);

FK_NONNULL_END
#endif
