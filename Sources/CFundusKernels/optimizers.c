#include "fk_optimizers.h"

#include <math.h>

// `max_second` is NULL, as a constant, or not: a loop of vectors each. So is a square root that may not
// set errno.
static inline __attribute__((always_inline)) void move(
    float *restrict parameter, const float *restrict gradient, float *restrict first,
    float *restrict second, float *restrict max_second, long count, const fk_adam_settings s) {
  const float step = s.learning_rate / s.correction1;
  const float root = 1.0f / sqrtf(s.correction2);
  const float keep = 1.0f - s.learning_rate * s.decay;
  for (long i = 0; i < count; ++i) {
    float g = gradient[i] * s.gradient_scale;
    g = g < -s.gradient_limit ? -s.gradient_limit : g > s.gradient_limit ? s.gradient_limit : g;
    float p = parameter[i];
    g += s.coupled_decay * p;
    p *= keep;
    float m = first[i] + (1.0f - s.beta1) * (g - first[i]);
    float v = s.beta2 * second[i] + (1.0f - s.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    if (max_second) {
      v = v > max_second[i] ? v : max_second[i];
      max_second[i] = v;
    }
    parameter[i] = p - step * m / (__builtin_elementwise_sqrt(v) * root + s.epsilon);
  }
}

FK_CLONES void fk_adam(float *parameter, const float *gradient, float *first, float *second,
                       float *max_second, long count, const fk_adam_settings *settings) {
  if (max_second)
    move(parameter, gradient, first, second, max_second, count, *settings);
  else
    move(parameter, gradient, first, second, NULL, count, *settings);
}

FK_CLONES void fk_sgd(float *restrict parameter, const float *restrict gradient,
                      float *restrict velocity, long count, float learning_rate,
                      float momentum, float coupled_decay, float gradient_scale) {
  for (long i = 0; i < count; ++i) {
    float g = gradient[i] * gradient_scale + coupled_decay * parameter[i];
    float v = momentum * velocity[i] + g;
    velocity[i] = v;
    parameter[i] -= learning_rate * v;
  }
}
