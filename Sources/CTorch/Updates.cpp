// Optimizers' steps: our own kernels on float32 in this machine's memory; anywhere else libtorch's fused ones where it has them,
// its operators where it has none. What changes from step to step lies there in a tensor, so that a recorded step can be
// launched again.
#include <torch/version.h>

#include "Handle.h"
#include "Kernels/Kernels.h"

// Adam and gradient descent over lists of tensors, their rate in a tensor, on every device.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 5)
#define GRAFT_FUSED 1
#endif

namespace graft {

namespace {

/// What one tensor's step is computed from.
struct Move {
  at::Tensor parameter, gradient, first, second;
  double decay;
  /// Whether LARS gives it a rate of its own.
  bool isLayer;
};

/// The numbers of a step, each a tensor of no axes; `graft_step_numbers` says what they are.
struct Numbers {
  at::Tensor rate, factor, divisor, step, firstShare, secondRoot;

  explicit Numbers(const at::Tensor &all)
      : rate(all[0]), factor(all[1]), divisor(all[2]), step(all[3]), firstShare(all[4]), secondRoot(all[5]) {}
};

bool isAdam(const graft_update &update) { return update.rule == GRAFT_ADAM || update.rule == GRAFT_ADAMW; }

// In this machine's memory

/// trust |w| / (|gradient| + decay |w|); 1 where either norm is 0, and for tensors that do not decay.
double layerScale(const Move &move, const graft_update &update) {
  if (!move.isLayer) return 1;
  const auto &w = move.parameter;
  const double weight = std::sqrt(squareSum(data(w), w.numel()));
  const double slope = std::sqrt(squareSum(data(move.gradient), w.numel())) * update.factor;
  return weight > 0 && slope > 0 ? update.trust * weight / (slope + move.decay * weight) : 1;
}

void moveHere(const Move &move, const graft_update &update) {
  const auto &w = move.parameter;
  if (isAdam(update)) {
    adam(room(w), data(move.gradient), room(move.first), room(move.second), w.numel(),
         AdamStep{update.rate, update.beta1, update.beta2, update.epsilon, move.decay, update.factor, update.step,
                  update.rule == GRAFT_ADAM});
    return;
  }
  // LARS's momentum is, as in its paper, of steps, their rate within it; torch's descent keeps the rate out.
  const bool isLayered = update.rule == GRAFT_LARS;
  descent(room(w), data(move.gradient), room(move.first), w.numel(),
          DescentStep{isLayered ? 1 : update.rate, update.momentum, move.decay, update.factor,
                      isLayered ? update.rate * layerScale(move, update) : 1, update.nesterov != 0});
}

// By libtorch's operators

void moveAdam(const Move &move, const graft_update &update, const Numbers &numbers) {
  const auto &w = move.parameter;
  auto slope = move.gradient * numbers.factor;
  const bool coupled = update.rule == GRAFT_ADAM;
  if (coupled) slope.add_(w, move.decay);
  move.first.mul_(update.beta1).add_(slope, 1 - update.beta1);
  move.second.mul_(update.beta2).addcmul_(slope, slope, 1 - update.beta2);
  const auto size = move.second.sqrt().div_(numbers.secondRoot).add_(update.epsilon);
  if (!coupled && move.decay != 0) w.sub_(w * (numbers.rate * move.decay));
  w.sub_((move.first / size).mul_(numbers.rate / numbers.firstShare));
}

void moveDescent(const Move &move, const graft_update &update, const Numbers &numbers) {
  const auto &w = move.parameter;
  auto slope = (move.gradient * numbers.factor).add_(w, move.decay);
  if (update.rule == GRAFT_LARS) {
    auto scale = numbers.rate;
    if (move.isLayer) {
      const auto weight = w.norm(), gradient = move.gradient.norm() * numbers.factor;
      const auto trust = update.trust * weight / (gradient + move.decay * weight);
      scale = scale * at::where((weight > 0).logical_and(gradient > 0), trust, at::ones_like(trust));
    }
    slope.mul_(scale);
  }
  if (move.first.defined()) {
    move.first.mul_(update.momentum).add_(slope);
    slope = update.nesterov ? slope.add_(move.first, update.momentum) : move.first;
  }
  w.sub_(update.rule == GRAFT_LARS ? slope : slope * numbers.rate);
}

#ifdef GRAFT_FUSED
/// Moves by one kernel over all tensors that decay alike; false where there is none for the rule.
bool moveFused(const std::vector<Move> &moves, const graft_update &update, const Numbers &numbers) {
  if (update.rule == GRAFT_LARS) return false;
  for (const bool decays : {false, true}) {
    std::vector<at::Tensor> parameters, gradients, firsts, seconds;
    for (const auto &move : moves) {
      if ((move.decay != 0) != decays) continue;
      parameters.push_back(move.parameter);
      gradients.push_back(move.gradient);
      if (move.first.defined()) firsts.push_back(move.first);
      if (move.second.defined()) seconds.push_back(move.second);
    }
    if (parameters.empty()) continue;
    const double decay = decays ? update.decay : 0;
    if (isAdam(update)) {
      const std::vector<at::Tensor> steps(parameters.size(), numbers.step);
      const auto move = [&](auto fused) {
        fused(parameters, gradients, firsts, seconds, at::TensorList(), steps, numbers.rate, update.beta1, update.beta2,
              decay, update.epsilon, /*amsgrad=*/false, /*maximize=*/false, numbers.divisor, std::nullopt);
      };
      if (update.rule == GRAFT_ADAM)
        move(at::_ops::_fused_adam__tensor_lr::call);
      else
        move(at::_ops::_fused_adamw__tensor_lr::call);
    } else {
      at::_fused_sgd_(parameters, gradients, firsts, decay, update.momentum, numbers.rate, /*dampening=*/0,
                      update.nesterov != 0, /*maximize=*/false, /*is_first_step=*/false, numbers.divisor, {});
    }
  }
  return true;
}
#else
bool moveFused(const std::vector<Move> &, const graft_update &, const Numbers &) { return false; }
#endif

/// The Euclidean norm of all tensors together, in float64 on their device.
at::Tensor norm(const std::vector<at::Tensor> &tensors) {
  if (tensors.empty() || ours(tensors[0])) {
    double total = 0;
    for (const auto &x : tensors) total += squareSum(data(x), x.numel());
    return at::scalar_tensor(std::sqrt(total), at::kDouble);
  }
  return at::stack(at::_foreach_norm(tensors)).to(at::kDouble).square().sum().sqrt();
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_step_outcome(const graft_tensor *loss, graft_tensor *const *parameters, int64_t count, graft_tensor **out) {
  return guarded([&] {
    at::NoGradGuard guard;
    std::vector<at::Tensor> gradients;
    for (int64_t i = 0; i < count; i++) {
      const auto &gradient = parameters[i]->value.grad();
      if (!gradient.defined()) continue;
      // In the parameter's own memory order, so that both are walked as one row of numbers.
      if (gradient.strides() != parameters[i]->value.strides())
        parameters[i]->value.mutable_grad() = at::empty_like(parameters[i]->value).copy_(gradient);
      gradients.push_back(parameters[i]->value.grad());
    }
    *out = handle(at::stack({loss->value.detach().to(at::kDouble), norm(gradients).to(loss->value.device())}));
  });
}

void graft_step_numbers(const graft_update *update, float *out) {
  const double step = double(update->step);
  const double numbers[GRAFT_STEP_NUMBERS] = {update->rate,
                                              update->factor,
                                              1 / update->factor,
                                              step,
                                              1 - std::pow(update->beta1, step),
                                              std::sqrt(1 - std::pow(update->beta2, step))};
  std::copy(numbers, numbers + GRAFT_STEP_NUMBERS, out);
}

int32_t graft_optimizer_move(graft_tensor *const *parameters, graft_tensor *const *first, graft_tensor *const *second,
                             const uint8_t *decays, int64_t count, const graft_update *update,
                             const graft_tensor *numbers) {
  return guarded([&] {
    at::NoGradGuard guard;
    std::vector<Move> moves;
    for (int64_t i = 0; i < count; i++) {
      auto &parameter = parameters[i]->value;
      if (!parameter.grad().defined()) continue;
      moves.push_back({parameter, parameter.grad(), optional(first[i]), optional(second[i]),
                       decays[i] ? update->decay : 0, decays[i] != 0});
      parameter.mutable_grad() = at::Tensor();
    }
    if (moves.empty()) return;
    if (ours(moves[0].parameter)) {
      for (const auto &move : moves) moveHere(move, *update);
      return;
    }
    auto all = optional(numbers);
    if (!all.defined()) {
      float values[GRAFT_STEP_NUMBERS];
      graft_step_numbers(update, values);
      all = sent(at::tensor(at::ArrayRef<float>(values, GRAFT_STEP_NUMBERS), at::kFloat), moves[0].parameter.device());
    }
    const Numbers each(all);
    if (moveFused(moves, *update, each)) return;
    for (const auto &move : moves) isAdam(*update) ? moveAdam(move, *update, each) : moveDescent(move, *update, each);
  });
}

}  // extern "C"
