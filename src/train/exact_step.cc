#include "train/exact_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/system.h"
#include "kernels/gradient.h"
#include "math/scalar.h"
#include "train/worker.h"

namespace cllm {
namespace {

// Of an item that nobody names. Sums of small items cost more than they compute: those of 64 tokens take a tenth longer
// than those of 128, so that two fewer items are worth it (docs/findings.md).
constexpr size_t kItemTokens = 512, kMinItemTokens = 128;
constexpr size_t kItems = 8, kMinItems = 6;
constexpr size_t kMaxItems = 4096;  // a step's items over all ranks: no order of additions can wrap (design 5.3)
constexpr size_t kChunk = 16384;    // elements a reduction job handles
// Measured on workers that trained (worker_memory_test): 60 KiB with AVX2. Matrix products re-lay badly lying operands
// on the stack, 100 KiB at most with AVX-512.
constexpr size_t kTouchedStack = 128 << 10;
constexpr uint64_t kDropoutStream = 0x64726f70;

size_t Chunks(size_t size) { return (size + kChunk - 1) / kChunk; }

}  // namespace

size_t DefaultItemSequences(size_t batch, size_t context) {
  const auto sequences = [&](size_t tokens, size_t items) { return std::min(tokens / context, batch / items); };
  return std::max<size_t>({1, sequences(kItemTokens, kItems), sequences(kMinItemTokens, kMinItems)});
}

MemoryEstimate EstimateMemory(const ModelConfig& config, const StepOptions& options, size_t workers, size_t domains,
                              size_t permits) {
  const ParameterLayout layout(config);
  const Optimizer::Sizes sizes = Optimizer::SizesOf(config, options.optimizer);
  MemoryEstimate m;
  m.context_per_worker = TrainingContext::Bytes(config, options.item);
  m.stack_per_worker = kTouchedStack;
  m.contexts = workers * (m.context_per_worker + m.stack_per_worker);
  m.accumulators = domains * layout.size() * sizeof(int64_t);
  m.weights = layout.size() * sizeof(float);
  m.optimizer = sizes.moments * sizeof(float);
  m.packs = PackedWeights::Bytes(config, PackedWeights::Use::kTraining, options.precision);
  m.snapshot = 0;  // a save writes from the live buffers while the workers rest
  m.update_scratch = std::min(workers, permits) * sizes.scratch * sizeof(float);
  return m;
}

ExactStep::ExactStep(const ModelConfig& config, const StepOptions& options, const LossClasses& classes)
    : config_(config),
      options_(options),
      parameters_(config),
      packed_(config, PackedWeights::Use::kTraining, options.precision),
      transformer_(config_, parameters_, packed_, classes),
      optimizer_(config, options.optimizer),
      chunk_norms_(Chunks(parameters_.layout().size())),
      item_sums_(options.items()) {}

Result<std::unique_ptr<ExactStep>> ExactStep::Create(const ModelConfig& config, const StepOptions& options,
                                                     const LossClasses& classes, SpheresOptions spheres) {
  if (options.items() > kMaxItems) {
    return Usage(fmt::format("--batch {} in items of {} sequences makes {} work items a step, expected at most {}; "
                             "name a larger --item",
                             options.batch, options.item, options.items(), kMaxItems));
  }
  std::unique_ptr<ExactStep> step(new ExactStep(config, options, classes));
  spheres.make_state = Worker::Maker(config, options.item);
  CLLM_ASSIGN(step->spheres_, Spheres::Start(std::move(spheres)));
  const size_t size = step->parameters_.layout().size();
  for (size_t domain = 0; domain < step->spheres_->cache_domains(); ++domain) {
    step->accumulators_.push_back(std::make_unique<ExactAccumulator>(size, Transformer::Grids(config)));
  }
  const size_t slots = step->spheres_->leaves();
  const size_t permits = std::min(slots, step->spheres_->Statistics().permits);
  for (size_t slot = 0; slot < permits; ++slot) {
    step->update_scratch_.emplace_back(step->optimizer_.ScratchFloats());
  }
  step->scratch_taken_ = std::make_unique<std::atomic<bool>[]>(permits);
  return step;
}

Status ExactStep::Repack() {
  return spheres_->Run(packed_.jobs(), [this](Leaf&, size_t job) -> Status {
    packed_.Pack(parameters_, job);
    return {};
  });
}

Result<StepResult> ExactStep::Run(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile) {
  StepResult result;
  double last = MonotonicSeconds();
  const auto lap = [&](StepPhase phase) {
    const double now = MonotonicSeconds();
    result.seconds[static_cast<size_t>(phase)] = now - last;
    last = now;
  };
  LossSums sums;
  if (const Status status = RunItems(step, read, meanwhile, sums); !status.ok()) {
    ClearGradients();
    return status;
  }
  lap(StepPhase::kItems);
  CLLM_ASSIGN(result.gradient_norm, ReduceAndNorm());
  lap(StepPhase::kReduce);
  result.scores = MeanScores::Of(sums);
  result.rate_factor = options_.schedule.Factor(step) * options_.rate_scale;
  const double clip = static_cast<double>(options_.clip);
  const double scale = clip > 0 && result.gradient_norm > clip ? clip / result.gradient_norm : 1.0;
  CLLM_TRY(Update(step, static_cast<float>(scale)));
  lap(StepPhase::kUpdate);
  CLLM_TRY(Repack());
  lap(StepPhase::kPack);
  return result;
}

Status ExactStep::RunItems(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile,
                           LossSums& sums) {
  const auto work = [&](Leaf& leaf, size_t item) { return RunItem(step, item, read, leaf); };
  // By reference: three captures do not fit into a std::function without an allocation.
  CLLM_TRY(spheres_->Run(options_.items(), std::ref(work), meanwhile));
  for (const LossSums& item : item_sums_) sums.Add(item);
  return {};
}

Status ExactStep::RunItem(uint64_t step, size_t item, const SequenceReader& read, Leaf& leaf) {
  TrainingContext& context = Worker::ContextOf(leaf);
  const size_t length = config_.context, first = item * options_.item;
  const size_t sequences = std::min(options_.item, options_.batch - first);
  for (size_t s = 0; s < sequences; ++s) {
    CLLM_TRY(read(step * options_.batch + first + s, context.window));
    std::copy_n(context.window.begin(), length, context.inputs.begin() + static_cast<ptrdiff_t>(s * length));
    std::copy_n(context.window.begin() + 1, length, context.targets.begin() + static_cast<ptrdiff_t>(s * length));
  }
  GradientSink sink{.accumulator = accumulators_[leaf.cache_domain].get(),
                    .scale = 1.0f / static_cast<float>(options_.batch * length),
                    .start = leaf.index};
  const Transformer::Dropout dropout{options_.dropout, SubKey(SubKey(SubKey(options_.seed, kDropoutStream), step), item)};
  LossSums& sums = item_sums_[item];
  sums = {};
  transformer_.Train(context, sequences, options_.lambda, dropout, sums, sink);
  spheres_->Count(leaf, sequences * length, sink.seconds);
  if (!sums.finite) return Diverged(fmt::format("step {}, item {}: the loss is not a finite number", step, item));
  if (sink.in_range) return {};
  return Diverged(fmt::format("step {}, item {}: the gradient of {} is not finite or out of range", step, item,
                              Transformer::GridName(config_, sink.bad_grid)));
}

void ExactStep::ClearGradients() {
  for (auto& accumulator : accumulators_) ZeroFixed(accumulator->values().data(), accumulator->values().size());
}

Result<double> ExactStep::ReduceAndNorm() {
  const std::span<int64_t> total = accumulators_.front()->values();
  CLLM_TRY(spheres_->Run(chunk_norms_.size(), [&](Leaf& leaf, size_t chunk) -> Status {
    const size_t begin = chunk * kChunk, n = std::min(kChunk, total.size() - begin);
    for (size_t domain = 1; domain < accumulators_.size(); ++domain) {
      ReduceFixed(total.data() + begin, accumulators_[domain]->values().data() + begin, n);
    }
    float* gradient = Worker::ContextOf(leaf).tile;
    FixedToFloat(total.data() + begin, gradient, n);
    chunk_norms_[chunk] = SumSquaresDouble(gradient, n);
    return {};
  }));
  double sum = 0;
  for (const double norm : chunk_norms_) sum += norm;
  return math::Sqrt(sum);
}

Status ExactStep::Update(uint64_t step, float gradient_scale) {
  const UpdateStep update{.rate_factor = options_.schedule.Factor(step) * options_.rate_scale,
                          .count = step + 1,
                          .gradient_scale = gradient_scale};
  return spheres_->Run(optimizer_.jobs(), [&](Leaf&, size_t job) -> Status {
    // As many slots as run permits, so one is always free.
    size_t slot = 0;
    while (scratch_taken_[slot].exchange(true, std::memory_order_acquire)) slot = (slot + 1) % update_scratch_.size();
    optimizer_.Update(job, update, accumulators_.front()->values(), parameters_, update_scratch_[slot].data());
    scratch_taken_[slot].store(false, std::memory_order_release);
    return {};
  });
}

MeanScores MeanScores::Of(const LossSums& sums) {
  const double n = static_cast<double>(std::max<uint64_t>(1, sums.positions));
  return {LossSums::Nats(sums.token) / n, LossSums::Nats(sums.root) / n, LossSums::Nats(sums.form) / n,
          sums.positions};
}

}  // namespace cllm
