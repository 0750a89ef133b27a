#include "train/validation.h"

#include <algorithm>
#include <vector>

#include "base/system.h"
#include "base/wide_integer.h"

namespace cllm {
namespace {

constexpr size_t kFirstRound = 4;   // windows of a leaf
constexpr double kRound_s = 0.25;  // is long enough for a round
constexpr double kNatsPerBit = 0.6931471805599453;
constexpr size_t kRound = size_t{1} << 14;  // windows between two barriers, whose sums are kept apart

}  // namespace

EvaluatedText EvaluatedText::Of(const PreparedCorpus& corpus) {
  const PartStatistics& part = corpus.part(CorpusPart::kValidation);
  const ScoredSpans scored = corpus.scored(CorpusPart::kValidation);
  return {.tokens = corpus.validation(), .bytes = scored.all() ? part.bytes : part.scored_bytes, .scored = scored};
}

Validation::Validation(const EvaluatedText& text, const Tokenizer& tokenizer, size_t context, size_t stride)
    : text_(text), tokenizer_(tokenizer), windows_(text.tokens.size(), context, stride) {
  for (uint64_t i = 0; i < windows_.size() && !text.scored.all(); ++i) {
    const EvaluationWindow window = windows_[i];
    const uint64_t first = window.start + 1 + window.first_counted;
    if (text.scored.CountIn(first, window.length - window.first_counted) != 0) kept_.push_back(i);
  }
}

EvaluationWindow Validation::OfSample(uint64_t i, uint64_t count) const {
  if (text_.scored.all()) return windows_.OfSample(i, count);
  return windows_[kept_[static_cast<size_t>(Uint128{i} * kept_.size() / count)]];
}

Status Validation::Score(const EvaluationWindow& window, const Transformer& transformer, TrainingContext& context,
                         LossSums& sums) const {
  const size_t length = static_cast<size_t>(window.length);
  CLLM_TRY(text_.tokens.Read(window.start, {context.inputs.data(), length}));
  CLLM_TRY(text_.tokens.Read(window.start + 1, {context.targets.data(), length}));
  text_.scored.Mask(window.start + 1, {context.targets.data(), length}, kNoTarget);
  transformer.Evaluate(context, length, static_cast<size_t>(window.first_counted), sums);
  return {};
}

uint64_t Validation::BytesOf(const EvaluationWindow& window) const {
  uint64_t bytes = 0;
  for (uint64_t t = window.first_counted; t < window.length; ++t) {
    const uint64_t target = window.start + 1 + t;
    if (text_.scored.CountIn(target, 1) != 0) bytes += tokenizer_.TokenBytes(text_.tokens[target]).size();
  }
  return bytes;
}

Result<EvaluationResult> Validation::Run(Spheres& spheres, const PerLeaf<TrainingContext>& contexts,
                                         const Transformer& transformer, size_t count, const ShareDone& progress,
                                         const std::atomic<int>* stop) const {
  const auto stopped = [stop] { return stop != nullptr && stop->load(std::memory_order_relaxed) != 0; };
  const size_t all = windows();
  count = std::clamp<size_t>(count, 1, all);
  EvaluationResult result;
  LossSums sums;
  // With progress in rounds that grow until one takes a while; sums of integers do not depend on them.
  size_t round = progress ? std::min(kRound, kFirstRound * spheres.leaves()) : kRound;
  if (team_ != nullptr) CLLM_TRY(team_->Share(round));  // leaves may differ
  const Rank rank = team_ == nullptr ? Rank() : team_->rank();
  for (size_t first = 0; first < count;) {
    const double begin = MonotonicSeconds();
    const size_t windows = std::min(round, count - first);
    // Every rank has each so many of them.
    std::vector<LossSums> window_sums((windows + rank.count - 1 - rank.index) / rank.count);
    const Status scored = spheres.Run(window_sums.size(), [&](Leaf& leaf, size_t i) {
      const auto window = OfSample(first + i * rank.count + rank.index, count);
      return stopped() ? Status() : Score(window, transformer, contexts[leaf], window_sums[i]);
    });
    EvaluationRound done{.sums = {}, .next = round, .stopped = stopped(), .status = StatusRecord(scored)};
    for (const LossSums& window : window_sums) done.sums.Add(window);
    if (progress && MonotonicSeconds() - begin < kRound_s) done.next = std::min(kRound, 2 * round);
    if (team_ == nullptr) CLLM_TRY(scored);
    if (team_ != nullptr) CLLM_TRY(team_->Combine(done));
    if (done.stopped) {
      result.stopped = true;
      return result;
    }
    sums.Add(done.sums);
    first += windows;
    round = done.next;
    if (progress) progress(static_cast<double>(first) / static_cast<double>(count));
  }
  if (!sums.finite) return Diverged("the validation loss is not a finite number");
  result.scores = MeanScores::Of(sums);
  uint64_t bytes = text_.bytes;
  if (count < all) {
    bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += BytesOf(OfSample(i, count));
  }
  result.whole = count == all;
  const double nats = result.scores.token * static_cast<double>(result.scores.positions);
  result.bits_per_byte = nats / (kNatsPerBit * static_cast<double>(std::max<uint64_t>(1, bytes)));
  return result;
}

}  // namespace cllm
