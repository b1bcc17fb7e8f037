#include "include/TorchTape.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <torch/torch.h>

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

/// An operator's call, with its arguments and results.
struct Call {
  c10::OperatorHandle op;
  std::vector<c10::IValue> inputs, outputs;
};

/// What memory held when the recording first came to it.
struct Content {
  at::Tensor bytes, before;
};

template <typename Body>
void eachTensor(const c10::IValue &value, Body body) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) body(value.toTensor());
  } else if (value.isList()) {
    for (const c10::IValue item : value.toListRef()) eachTensor(item, body);
  }
}

const void *memory(const at::Tensor &tensor) { return tensor.storage().data(); }

}  // namespace

struct torch_tape {
  std::vector<Call> calls;
  std::map<const void *, Content> found;
  std::set<const void *> made;
  std::string fault;
  at::CallbackHandle handle = 0;
  /// How many recorded operators the thread is within.
  int depth = 0;
};

namespace {

thread_local torch_tape *current = nullptr;

struct Context : at::ObserverContext {
  bool isRecorded = false;
  std::vector<c10::IValue> inputs;
};

/// Whether the operator computes by itself: others are made of such, and those are recorded.
bool computes(const c10::OperatorHandle &op) {
  for (const auto key : {c10::DispatchKey::CPU, c10::DispatchKey::CompositeExplicitAutograd,
                         c10::DispatchKey::CompositeExplicitAutogradNonFunctional})
    if (op.hasKernelForDispatchKey(key)) return true;
  return false;
}

void keep(const at::Tensor &tensor) {
  // The program's own may be gone before it is put back.
  if (tensor.storage().nbytes() == 0 || !tensor.storage().allocator() || current->made.count(memory(tensor)) || current->found.count(memory(tensor))) return;
  const auto bytes = at::from_blob(const_cast<void *>(memory(tensor)), {int64_t(tensor.storage().nbytes())}, at::kByte);
  current->found[memory(tensor)] = {bytes, bytes.clone()};
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction &function) {
  auto context = std::make_unique<Context>();
  if (!current || !function.operator_name()) return context;
  const auto op = c10::Dispatcher::singleton().findSchema(*function.operator_name());
  if (!op || current->depth > 0 || !computes(*op)) return context;
  context->isRecorded = true;
  for (const auto &input : function.inputs()) context->inputs.push_back(input);
  current->depth++;
  torch_tape *tape = current;
  // What is done for the tape is not on it.
  current->depth++;
  for (const auto &input : context->inputs) eachTensor(input, keep);
  for (const auto &input : context->inputs)
    eachTensor(input, [&](const at::Tensor &tensor) {
      if (!tensor.storage().allocator()) tape->fault = "an operator reads memory of the program's own";
    });
  tape->depth--;
  const auto name = op->operator_name().name;
  if (name == "aten::_local_scalar_dense" || name == "aten::nonzero")
    tape->fault = name + " waits for a number of the device";
  return context;
}

void end(const at::RecordFunction &function, at::ObserverContext *context) {
  const auto ours = static_cast<Context *>(context);
  if (!current || !ours || !ours->isRecorded) return;
  current->depth--;
  Call call{*c10::Dispatcher::singleton().findSchema(*function.operator_name()), std::move(ours->inputs), {}};
  for (const auto &output : function.outputs()) {
    call.outputs.push_back(output);
    eachTensor(output, [&](const at::Tensor &tensor) {
      if (!current->found.count(memory(tensor))) current->made.insert(memory(tensor));
    });
  }
  current->calls.push_back(std::move(call));
}

/// Whether a result lies in an argument's memory.
bool isWithin(const at::Tensor &result, const std::vector<c10::IValue> &inputs) {
  bool found = false;
  for (const auto &input : inputs)
    eachTensor(input, [&](const at::Tensor &tensor) { found |= memory(tensor) == memory(result); });
  return found;
}

void run(const Call &call) {
  std::vector<c10::IValue> stack = call.inputs;
  call.op.callBoxed(stack);
  const bool leavesUnset = call.op.operator_name().name.find("aten::empty") == 0 ||
                           call.op.operator_name().name.find("aten::new_empty") == 0;
  for (size_t i = 0; i < call.outputs.size(); i++) {
    std::vector<at::Tensor> results, kept;
    eachTensor(stack[i], [&](const at::Tensor &tensor) { results.push_back(tensor); });
    eachTensor(call.outputs[i], [&](const at::Tensor &tensor) { kept.push_back(tensor); });
    for (size_t j = 0; j < kept.size(); j++) {
      if (isWithin(kept[j], call.inputs)) continue;
      if (!leavesUnset)
        kept[j].copy_(results[j]);
      else if (kept[j].is_floating_point())
        kept[j].fill_(std::numeric_limits<double>::quiet_NaN());
      else
        kept[j].zero_();
    }
  }
}

}  // namespace

extern "C" {

torch_tape *torch_tape_begin(void) {
  current = new torch_tape();
  current->handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(begin, end).needsInputs(true).needsOutputs(true).scopes({at::RecordScope::FUNCTION}));
  return current;
}

const char *torch_tape_end(torch_tape *tape) {
  at::removeCallback(tape->handle);
  current = nullptr;
  at::NoGradGuard guard;
  for (auto &[place, content] : tape->found) content.bytes.copy_(content.before);
  tape->found.clear();
  return tape->fault.empty() ? nullptr : tape->fault.c_str();
}

int64_t torch_tape_count(const torch_tape *tape) { return int64_t(tape->calls.size()); }

const char *torch_tape_replay(torch_tape *tape) {
  at::NoGradGuard guard;
  at::AutoDispatchBelowADInplaceOrView below;
  for (const auto &call : tape->calls) {
    try {
      run(call);
    } catch (const std::exception &error) {
      tape->fault = call.op.operator_name().name + ": " + error.what();
      return tape->fault.c_str();
    }
  }
  return nullptr;
}

void torch_tape_free(torch_tape *tape) { delete tape; }

}  // extern "C"
