#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "model/context.h"
#include "model/transformer.h"
#include "model/weights.h"
#include "spheres/per_leaf.h"
#include "train/gradient_exchange.h"
#include "train/step_options.h"
#include "train/rank_team.h"
#include "train/weight_update.h"
#include "train/work_items.h"

namespace cllm {

// Means over the positions of one pass, in nats per token.
struct MeanScores {
  double token = 0, root = 0, form = 0;
  uint64_t positions = 0;

  static MeanScores Of(const LossSums& sums);
  double Total(float lambda) const { return token + static_cast<double>(lambda) * (root + form); }
};

enum class StepPhase { kItems, kReduce, kUpdate, kPack };
inline constexpr size_t kStepPhases = 4;

struct StepResult {
  MeanScores scores;
  double gradient_norm = 0;  // before clipping
  double rate_factor = 0;    // the schedule's
  std::array<double, kStepPhases> seconds{};
  ExchangeCosts exchange;  // between ranks
};

// One exact training step over the spheres (design section 5): items, exchange, guard, update, packing. Owns weights,
// packs, the leaves' training contexts, exchange and optimizer. Thread-compatible: Node Zero calls it.
class ExactStep {
 public:
  // classes: the loss's partitions. They (the tokenizer's), the spheres and the team, if there is one, outlive the
  // step. The weights are zero until they are initialized or loaded. Of a team every rank has one, does a share of the
  // items of each step, and calls the same functions; the bits are those of one rank.
  static Result<std::unique_ptr<ExactStep>> Create(const ModelShape& shape, const StepOptions& options,
                                                   const LossClasses& classes, Spheres& spheres,
                                                   RankTeam* team = nullptr);

  // Initial weights for a seed (InitializeParameters).
  Status InitializeWeights(uint64_t seed);
  // Lets `load` write the weights and packs them, also after its error, which is returned. Whoever writes weights does
  // it here, so packs and weights never differ.
  Status LoadWeights(const std::function<Status(Parameters& weights)>& load);
  // Brings the weights of all ranks to the first as they are to be saved.
  Status GatherMasters() { return exchange_->GatherMasters(weights_.parameters()); }
  // Of the weights as all ranks of a team must have them.
  Result<Hash128> WeightsHash() { return exchange_->WeightsHash(weights_.parameters()); }
  // Which rank has the moments of each tensor.
  const TensorOwners& owners() const { return update_->owners(); }
  // Lets `load` write the optimizer's moments.
  Status LoadMoments(const std::function<Status(Optimizer& moments)>& load) { return load(update_->optimizer()); }
  void SetSchedule(const Schedule& schedule) { options_.schedule = schedule; }
  void SetRateScale(double scale) { options_.rate_scale = scale; }

  // Runs step `step` (0-based). Diverged, with no weight touched, if a loss or gradient is not finite or out of range;
  // the text names step, item and tensor. `meanwhile` runs on Node Zero while the workers are at the items. scored:
  // null where all targets count. REQUIRES: some do.
  Result<StepResult> Run(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile = {},
                         const ScoredTargets* scored = nullptr);
  // `ended` is called on Node Zero after each phase of a step, while the leaves rest: who measures reads the spheres'
  // statistics there. One at a time.
  void OnPhaseEnd(std::function<void(StepPhase phase)> ended) { phase_ended_ = std::move(ended); }

  // This rank's share of a step's sequences, [begin, end) of the batch.
  std::pair<size_t, size_t> Sequences() const;

  const ModelShape& shape() const { return weights_.shape(); }
  const StepOptions& options() const { return options_; }
  const Weights& weights() const { return weights_; }
  const Parameters& parameters() const { return weights_.parameters(); }
  const Transformer& transformer() const { return transformer_; }
  // Between the phases kReduce and kUpdate of a step: the whole gradient in fixed point, by layout offset.
  std::span<const int64_t> gradient() const { return exchange_->sum(); }
  const Optimizer& optimizer() const { return std::as_const(*update_).optimizer(); }
  // The leaves' contexts: scratch that evaluations may use between steps.
  const PerLeaf<TrainingContext>& contexts() const { return contexts_; }

 private:
  ExactStep(const ModelShape& shape, const StepOptions& options, const LossClasses& classes, Spheres& spheres,
            PerLeaf<TrainingContext> contexts, RankTeam* team);

  // What the items of a step are read from.
  struct Source {
    uint64_t step;
    const SequenceReader& read;
    const ScoredTargets* scored;
  };
  Status RunItems(const Source& source, const std::function<void()>& meanwhile);
  Status RunItem(const Source& source, size_t item, Leaf& leaf);
  // This rank's share of the items, one after the other.
  size_t ItemsBefore(size_t rank) const { return items_.count() * rank / rank_.count; }
  Status Update(uint64_t step, double gradient_norm);
  Status Pack();
  double RateFactor(uint64_t step) const { return options_.schedule.Factor(step) * options_.rate_scale; }

  StepOptions options_;
  const Rank rank_;
  RankTeam* const team_;  // null: alone
  Spheres& spheres_;
  Weights weights_;
  Transformer transformer_;
  PerLeaf<TrainingContext> contexts_;
  WorkItems items_;
  std::unique_ptr<WeightUpdate> update_;
  std::unique_ptr<GradientExchange> exchange_;
  std::function<void(StepPhase phase)> phase_ended_;
};

}  // namespace cllm
