#include "train/exact_step.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/system.h"
#include "train/ranked_exchange.h"

namespace cllm {

ExactStep::ExactStep(const ModelShape& shape, const StepOptions& options, const LossClasses& classes,
                     Spheres& spheres, PerLeaf<TrainingContext> contexts, RankTeam* team)
    : options_(options),
      rank_(team == nullptr ? Rank() : team->rank()),
      team_(rank_.alone() ? nullptr : team),
      spheres_(spheres),
      weights_(shape, options.precision),
      transformer_(weights_, classes),
      contexts_(std::move(contexts)),
      items_(options_, transformer_),
      update_(std::make_unique<WeightUpdate>(weights_.layout(), options.optimizer, spheres, rank_)) {
  if (team_ == nullptr) {
    exchange_ = std::make_unique<LocalExchange>(weights_.layout(), spheres, contexts_);
  } else {
    exchange_ = std::make_unique<RankedExchange>(weights_.layout(), update_->owners(), options.precision, spheres,
                                                 contexts_, *team_);
  }
}

Result<std::unique_ptr<ExactStep>> ExactStep::Create(const ModelShape& shape, const StepOptions& options,
                                                     const LossClasses& classes, Spheres& spheres, RankTeam* team) {
  CLLM_TRY(WorkItems::Check(options));
  CLLM_ASSIGN(auto contexts, PerLeaf<TrainingContext>::Make(spheres, [&](const Leaf&) {
                return std::make_unique<TrainingContext>(shape, options.item);
              }));
  return std::unique_ptr<ExactStep>(new ExactStep(shape, options, classes, spheres, std::move(contexts), team));
}

Status ExactStep::InitializeWeights(uint64_t seed) {
  return LoadWeights([&](Parameters& weights) -> Status {
    InitializeParameters(seed, weights);
    return {};
  });
}

Status ExactStep::LoadWeights(const std::function<Status(Parameters& weights)>& load) {
  const Status loaded = load(weights_.parameters());
  exchange_->TakeWeights(weights_.parameters());
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
  const double begin = MonotonicSeconds();
  double last = begin;
  const auto lap = [&](StepPhase phase) {
    result.seconds[static_cast<size_t>(phase)] = MonotonicSeconds() - last;
    if (phase_ended_) phase_ended_(phase);
    last = MonotonicSeconds();
  };
  const Status items = RunItems({step, read, scored}, meanwhile);
  if (items.ok()) lap(StepPhase::kItems);
  if (team_ != nullptr) team_->Expect(MonotonicSeconds() - begin);
  LossSums losses = items_.Sums();
  CLLM_ASSIGN(result.gradient_norm, exchange_->Sum(items, losses));
  lap(StepPhase::kReduce);
  result.scores = MeanScores::Of(losses);
  result.rate_factor = RateFactor(step);
  CLLM_TRY(Update(step, result.gradient_norm));
  lap(StepPhase::kUpdate);
  CLLM_TRY(Pack());
  lap(StepPhase::kPack);
  result.exchange = exchange_->costs();
  return result;
}

Status ExactStep::RunItems(const Source& source, const std::function<void()>& meanwhile) {
  const size_t first = ItemsBefore(rank_.index), last = ItemsBefore(rank_.index + 1);
  const auto work = [&](Leaf& leaf, size_t item) { return RunItem(source, first + item, leaf); };
  // By reference: so many captures do not fit into a std::function without an allocation.
  return spheres_.Run(last - first, std::ref(work), meanwhile);
}

std::pair<size_t, size_t> ExactStep::Sequences() const {
  const auto first = [&](size_t rank) { return std::min(options_.batch, ItemsBefore(rank) * options_.item); };
  return {first(rank_.index), first(rank_.index + 1)};
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
