#include "train/memory_estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "model/context.h"
#include "train/gradient_exchange.h"
#include "train/ranked_exchange.h"
#include "train/weight_update.h"

namespace cllm {
namespace {

// Measured on workers that trained (worker_memory_test): 60 KiB with AVX2. Matrix products pack operands that lie badly
// on the stack, 100 KiB at most with AVX-512.
constexpr size_t kTouchedStack = 128 << 10;

constexpr MemoryPart kPartsOfAWorker[] = {
    {"context_per_worker", "context of a worker", &MemoryEstimate::context_per_worker},
    {"stack_per_worker", "stack of a worker", &MemoryEstimate::stack_per_worker},
};
constexpr MemoryPart kParts[] = {
    {"contexts", "all workers", &MemoryEstimate::contexts},
    {"accumulators", "accumulators", &MemoryEstimate::accumulators},
    {"weights", "weights", &MemoryEstimate::weights},
    {"optimizer", "optimizer", &MemoryEstimate::optimizer},
    {"packed_weights", "packed weights", &MemoryEstimate::packed_weights},
    {"update_scratch", "update scratch", &MemoryEstimate::update_scratch},
    {"exchange", "exchange between ranks", &MemoryEstimate::exchange},
};

}  // namespace

std::span<const MemoryPart> MemoryPartsOfAWorker() { return kPartsOfAWorker; }
std::span<const MemoryPart> MemoryParts() { return kParts; }

size_t MemoryEstimate::total() const {
  size_t sum = 0;
  for (const MemoryPart& part : kParts) sum += this->*part.bytes;
  return sum;
}

std::string MemoryEstimate::Text() const {
  std::string text = fmt::format("memory: {}, {} of it for each of {} workers", FormatBytes(total()),
                                 FormatBytes(context_per_worker + stack_per_worker), workers);
  const char* separator = "; ";
  for (const MemoryPart& part : kParts) {
    if (part.bytes == &MemoryEstimate::exchange && exchange == 0) continue;
    text += fmt::format("{}{} {}", separator, part.name, FormatBytes(this->*part.bytes));
    separator = ", ";
  }
  return text;
}

MemoryEstimate EstimateMemory(const ModelShape& shape, const StepOptions& options, const SpherePlan& plan,
                              size_t ranks) {
  const ParameterLayout layout(shape);
  const Weights::Sizes weights = Weights::SizesForTraining(shape, options.precision);
  MemoryEstimate m;
  m.workers = plan.leaves;
  m.context_per_worker = TrainingContext::Bytes(shape, options.item);
  m.stack_per_worker = kTouchedStack;
  m.contexts = plan.leaves * (m.context_per_worker + m.stack_per_worker);
  m.accumulators = LocalExchange::Bytes(layout, plan.cache_domains);
  m.weights = weights.values;
  const Optimizer::Sizes optimizer = Optimizer::SizesOf(layout, options.optimizer, ranks);
  m.optimizer = optimizer.owned * sizeof(float);
  m.packed_weights = weights.panels;
  m.update_scratch = WeightUpdate::ScratchBytes(layout, options.optimizer, std::min(plan.leaves, plan.permits));
  if (ranks > 1)
    m.exchange = RankedExchange::Bytes(layout, Optimizer::OwnersOf(layout, options.optimizer, ranks), ranks);
  m.checkpoint = m.weights + optimizer.moments * sizeof(float);
  return m;
}

}  // namespace cllm
