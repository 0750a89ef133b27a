#include "train/exact_step.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/system.h"

namespace cllm {

ExactStep::ExactStep(const ModelShape& shape, const StepOptions& options, const LossClasses& classes,
                     Spheres& spheres, PerLeaf<TrainingContext> contexts)
    : options_(options),
      spheres_(spheres),
      weights_(shape, options.precision),
      transformer_(weights_, classes),
      contexts_(std::move(contexts)),
      items_(options_, transformer_),
      exchange_(std::make_unique<LocalExchange>(weights_.layout(), spheres, contexts_)),
      update_(std::make_unique<WeightUpdate>(weights_.layout(), options.optimizer, spheres, exchange_->rank())) {}

Result<std::unique_ptr<ExactStep>> ExactStep::Create(const ModelShape& shape, const StepOptions& options,
                                                     const LossClasses& classes, Spheres& spheres) {
  CLLM_TRY(WorkItems::Check(options));
  CLLM_ASSIGN(auto contexts, PerLeaf<TrainingContext>::Make(spheres, [&](const Leaf&) {
                return std::make_unique<TrainingContext>(shape, options.item);
              }));
  return std::unique_ptr<ExactStep>(new ExactStep(shape, options, classes, spheres, std::move(contexts)));
}

Status ExactStep::InitializeWeights(uint64_t seed) {
  return LoadWeights([&](Parameters& weights) -> Status {
    InitializeParameters(seed, weights);
    return {};
  });
}

Status ExactStep::LoadWeights(const std::function<Status(Parameters& weights)>& load) {
  const Status loaded = load(weights_.parameters());
  CLLM_TRY(Pack());
  return loaded;
}

Status ExactStep::Pack() {
  return spheres_.Run(weights_.pack_jobs(), [this](Leaf&, size_t job) -> Status {
    weights_.Pack(job);
    return {};
  });
}

Result<StepResult> ExactStep::Run(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile,
                                  const ScoredTargets* scored) {
  CHECK(scored == nullptr || scored->count != 0);
  StepResult result;
  double last = MonotonicSeconds();
  const auto lap = [&](StepPhase phase) {
    result.seconds[static_cast<size_t>(phase)] = MonotonicSeconds() - last;
    if (phase_ended_) phase_ended_(phase);
    last = MonotonicSeconds();
  };
  if (const Status status = RunItems({step, read, scored}, meanwhile); !status.ok()) {
    exchange_->Clear();
    return status;
  }
  lap(StepPhase::kItems);
  CLLM_ASSIGN(result.gradient_norm, exchange_->Sum());
  lap(StepPhase::kReduce);
  result.scores = MeanScores::Of(items_.Sums());
  result.rate_factor = RateFactor(step);
  CLLM_TRY(Update(step, result.gradient_norm));
  lap(StepPhase::kUpdate);
  CLLM_TRY(Pack());
  lap(StepPhase::kPack);
  return result;
}

Status ExactStep::RunItems(const Source& source, const std::function<void()>& meanwhile) {
  const auto work = [&](Leaf& leaf, size_t item) { return RunItem(source, item, leaf); };
  // By reference: three captures do not fit into a std::function without an allocation.
  return spheres_.Run(items_.count(), std::ref(work), meanwhile);
}

Status ExactStep::RunItem(const Source& source, size_t item, Leaf& leaf) {
  TrainingContext& context = contexts_[leaf];
  CLLM_ASSIGN(const size_t positions,
              items_.Read(ContentOf(options_, source.step, item), source.read, source.scored, context));
  GradientSink sink{
      .accumulator = &exchange_->Into(leaf), .scale = items_.gradient_scale(source.scored), .start = leaf.index};
  const Status status = items_.Train(source.step, item, context, sink);
  spheres_.Count(leaf, positions, sink.seconds);
  return status;
}

Status ExactStep::Update(uint64_t step, double gradient_norm) {
  const double clip = static_cast<double>(options_.clip);
  const double scale = clip > 0 && gradient_norm > clip ? clip / gradient_norm : 1.0;
  const UpdateStep update{
      .rate_factor = RateFactor(step), .count = step + 1, .gradient_scale = static_cast<float>(scale)};
  CLLM_TRY(update_->Run(update, exchange_->sum(), weights_.parameters()));
  return exchange_->GatherWeights(weights_.parameters());
}

MeanScores MeanScores::Of(const LossSums& sums) {
  const double n = static_cast<double>(std::max<uint64_t>(1, sums.positions));
  return {LossSums::Nats(sums.token) / n, LossSums::Nats(sums.root) / n, LossSums::Nats(sums.form) / n,
          sums.positions};
}

}  // namespace cllm
