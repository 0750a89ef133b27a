#include "train/validation.h"

#include <algorithm>
#include <vector>

#include "base/system.h"

namespace cllm {
namespace {

constexpr size_t kFirstRound = 4;   // windows of a leaf
constexpr double kRound_s = 0.25;  // is long enough for a round
constexpr double kNatsPerBit = 0.6931471805599453;
constexpr size_t kRound = size_t{1} << 14;  // windows between two barriers, whose sums are kept apart

}  // namespace

Validation::Validation(TokenView tokens, uint64_t bytes, const Tokenizer& tokenizer, size_t context, size_t stride)
    : tokens_(tokens), bytes_(bytes), tokenizer_(tokenizer), windows_(tokens.size(), context, stride) {}

Status Validation::Score(const EvaluationWindow& window, const Transformer& transformer, TrainingContext& context,
                         LossSums& sums) const {
  const size_t length = static_cast<size_t>(window.length);
  CLLM_TRY(tokens_.Read(window.start, {context.inputs.data(), length}));
  CLLM_TRY(tokens_.Read(window.start + 1, {context.targets.data(), length}));
  transformer.Evaluate(context, length, static_cast<size_t>(window.first_counted), sums);
  return {};
}

uint64_t Validation::BytesOf(const EvaluationWindow& window) const {
  uint64_t bytes = 0;
  for (uint64_t t = window.first_counted; t < window.length; ++t) {
    bytes += tokenizer_.TokenBytes(tokens_[window.start + 1 + t]).size();
  }
  return bytes;
}

Result<EvaluationResult> Validation::Run(Spheres& spheres, const PerLeaf<TrainingContext>& contexts,
                                         const Transformer& transformer, size_t count, const ShareDone& progress,
                                         const std::atomic<int>* stop) const {
  const auto stopped = [stop] { return stop != nullptr && stop->load(std::memory_order_relaxed) != 0; };
  const size_t all = windows_.size();
  count = std::clamp<size_t>(count, 1, all);
  EvaluationResult result;
  LossSums sums;
  // With progress in rounds that grow until one takes a while; sums of integers do not depend on them.
  size_t round = progress ? std::min(kRound, kFirstRound * spheres.leaves()) : kRound;
  for (size_t first = 0; first < count;) {
    const double begin = MonotonicSeconds();
    std::vector<LossSums> window_sums(std::min(round, count - first));
    CLLM_TRY(spheres.Run(window_sums.size(), [&](Leaf& leaf, size_t i) {
      const auto window = windows_.OfSample(first + i, count);
      return stopped() ? Status() : Score(window, transformer, contexts[leaf], window_sums[i]);
    }));
    if (stopped()) {
      result.stopped = true;
      return result;
    }
    for (const LossSums& window : window_sums) sums.Add(window);
    first += window_sums.size();
    if (!progress) continue;
    progress(static_cast<double>(first) / static_cast<double>(count));
    if (MonotonicSeconds() - begin < kRound_s) round = std::min(kRound, 2 * round);
  }
  if (!sums.finite) return Diverged("the validation loss is not a finite number");
  result.scores = MeanScores::Of(sums);
  uint64_t bytes = bytes_;
  if (count < all) {
    bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += BytesOf(windows_.OfSample(i, count));
  }
  result.whole = count == all;
  const double nats = result.scores.token * static_cast<double>(result.scores.positions);
  result.bits_per_byte = nats / (kNatsPerBit * static_cast<double>(std::max<uint64_t>(1, bytes)));
  return result;
}

}  // namespace cllm
