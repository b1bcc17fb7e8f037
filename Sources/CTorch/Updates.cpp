// Optimizers' steps: our own kernels on float32 in this machine's memory, libtorch's operators anywhere else.
#include "Handle.h"
#include "Kernels/Kernels.h"

namespace graft {

namespace {

double squares(const at::Tensor &x) {
  return ours(x) ? squareSum(data(x), x.numel()) : x.to(at::kDouble).pow(2).sum().item<double>();
}

/// What one tensor's step is computed from.
struct Move {
  at::Tensor parameter, gradient, first, second;
  /// What the gradient is multiplied by: clipping, and the loss's scale taken out.
  double factor;
  double decay;
};

void moveAdam(const Move &move, const graft_update &update) {
  const bool coupled = update.rule == GRAFT_ADAM;
  const auto &w = move.parameter;
  if (ours(w)) {
    adam(room(w), data(move.gradient), room(move.first), room(move.second), w.numel(),
         AdamStep{update.rate, update.beta1, update.beta2, update.epsilon, move.decay, move.factor, update.step, coupled});
    return;
  }
  auto slope = move.gradient * move.factor;
  if (coupled) slope.add_(w, move.decay);
  move.first.mul_(update.beta1).add_(slope, 1 - update.beta1);
  move.second.mul_(update.beta2).addcmul_(slope, slope, 1 - update.beta2);
  const auto size =
      move.second.sqrt().div_(std::sqrt(1 - std::pow(update.beta2, double(update.step)))).add_(update.epsilon);
  if (!coupled) w.mul_(1 - update.rate * move.decay);
  w.addcdiv_(move.first, size, -update.rate / (1 - std::pow(update.beta1, double(update.step))));
}

/// `scale` goes into the momentum, `rate` does not.
void moveDescent(const Move &move, const graft_update &update, double scale, double rate) {
  const auto &w = move.parameter;
  if (ours(w)) {
    descent(room(w), data(move.gradient), room(move.first), w.numel(),
            DescentStep{rate, update.momentum, move.decay, move.factor, scale, update.nesterov != 0});
    return;
  }
  auto slope = (move.gradient * move.factor).add_(w, move.decay).mul_(scale);
  if (move.first.defined()) {
    move.first.mul_(update.momentum).add_(slope);
    slope = update.nesterov ? slope.add_(move.first, update.momentum) : move.first;
  }
  w.sub_(slope, rate);
}

/// trust |w| / (|gradient| + decay |w|); 1 where either norm is 0, and for tensors that do not decay.
double layerScale(const Move &move, const graft_update &update, bool adapts) {
  if (!adapts) return 1;
  const double weight = std::sqrt(squares(move.parameter)), slope = std::sqrt(squares(move.gradient)) * move.factor;
  return weight > 0 && slope > 0 ? update.trust * weight / (slope + move.decay * weight) : 1;
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_optimizer_step(graft_tensor *const *parameters, graft_tensor *const *first, graft_tensor *const *second,
                             const uint8_t *decays, int64_t count, const graft_update *update, double *norm) {
  return guarded([&] {
    at::NoGradGuard guard;
    double total = 0;
    for (int64_t i = 0; i < count; i++) {
      const auto &gradient = parameters[i]->value.grad();
      if (!gradient.defined()) continue;
      // A gradient in the parameter's own memory order, so that both are walked as one row of numbers.
      if (gradient.strides() != parameters[i]->value.strides())
        parameters[i]->value.mutable_grad() = at::empty_like(parameters[i]->value).copy_(gradient);
      total += squares(parameters[i]->value.grad());
    }
    *norm = std::sqrt(total) * update->unscale;
    const double clip = update->max_norm > 0 ? std::min(1.0, update->max_norm / (*norm + 1e-6)) : 1.0;
    for (int64_t i = 0; i < count; i++) {
      auto &parameter = parameters[i]->value;
      const Move move{parameter,           parameter.grad(),        optional(first[i]),
                      optional(second[i]), clip * update->unscale, decays[i] ? update->decay : 0};
      parameter.mutable_grad() = at::Tensor();
      if (!move.gradient.defined() || !std::isfinite(*norm)) continue;
      switch (update->rule) {
        case GRAFT_ADAM:
        case GRAFT_ADAMW: moveAdam(move, *update); break;
        case GRAFT_LARS:
          // The paper's momentum is of steps, their rate within it; torch's descent keeps the rate out.
          moveDescent(move, *update, update->rate * layerScale(move, *update, decays[i] != 0), 1);
          break;
        default: moveDescent(move, *update, 1, update->rate);
      }
    }
  });
}

}  // extern "C"
