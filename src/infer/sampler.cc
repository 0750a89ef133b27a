#include "infer/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/random.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr float kExcluded = -std::numeric_limits<float>::infinity();
constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kHighest = std::numeric_limits<float>::max();

// False for a NaN.
Status InRange(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return Usage(fmt::format("{} is {}, expected a number from {} to {}", name, value, low, high));
}

}  // namespace

Status Validate(const SamplerOptions& options) {
  CLLM_TRY(InRange("temperature", options.temperature, 0, 1000));
  CLLM_TRY(InRange("top-p", options.top_p, 0, 1));
  CLLM_TRY(InRange("min-p", options.min_p, 0, 1));
  CLLM_TRY(InRange("presence penalty", options.presence_penalty, -100, 100));
  CLLM_TRY(InRange("frequency penalty", options.frequency_penalty, -100, 100));
  for (const LogitBias& each : options.biases) CLLM_TRY(InRange("logit bias", each.bias, -1e6, 1e6));
  return InRange("repeat penalty", options.repeat_penalty, 0.001, 1000);
}

Sampler::Sampler(const SamplerOptions& options) : options_(options) { CHECK(Validate(options).ok()); }

uint32_t Sampler::Draw(std::span<const float> logits, std::span<const uint32_t> recent,
                       std::span<const uint32_t> excluded, SamplerScratch& scratch) {
  const std::span<const uint32_t> candidates = Candidates(logits, recent, excluded, scratch);
  const double draw = UnitDouble(RandomBits(options_.seed, drawn_++));
  if (candidates.size() == 1) return candidates.front();
  const double target = draw * Weigh(candidates.size(), options_.temperature, scratch);
  double sum = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    sum += scratch.weights_[i];
    if (target < sum) return candidates[i];
  }
  return candidates.front();  // the product was rounded up to the whole sum
}

std::span<const uint32_t> Sampler::Candidates(std::span<const float> logits, std::span<const uint32_t> recent,
                                              std::span<const uint32_t> excluded, SamplerScratch& scratch) const {
  CHECK(logits.size() == scratch.scores_.size());
  Score(logits, recent, excluded, scratch);
  const std::vector<float>& scores = scratch.scores_;
  std::vector<uint32_t>& order = scratch.order_;
  size_t eligible = 0;
  for (uint32_t id = 0; id < scores.size(); ++id) {
    if (scores[id] != kExcluded) order[eligible++] = id;
  }
  CHECK(eligible > 0);
  size_t kept = options_.top_k == 0 ? eligible : std::min(options_.top_k, eligible);
  if (options_.temperature == 0) kept = 1;
  const auto better = [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; };
  const auto begin = order.begin();
  std::partial_sort(begin, begin + static_cast<std::ptrdiff_t>(kept), begin + static_cast<std::ptrdiff_t>(eligible),
                    better);
  return {order.data(), Cut(kept, scratch)};
}

void Sampler::Score(std::span<const float> logits, std::span<const uint32_t> recent, std::span<const uint32_t> excluded,
                    SamplerScratch& scratch) const {
  for (size_t id = 0; id < logits.size(); ++id) {
    const float logit = logits[id];
    scratch.scores_[id] = math::IsNan(logit) ? kLowest : std::clamp(logit, kLowest, kHighest);
  }
  for (const LogitBias& each : options_.biases) {
    CHECK(each.id < logits.size());
    scratch.scores_[each.id] = std::clamp(scratch.scores_[each.id] + each.bias, kLowest, kHighest);
  }
  for (const uint32_t id : excluded) scratch.scores_[id] = kExcluded;
  if (options_.repeat_penalty != 1) Penalise(recent, scratch);
  if (options_.presence_penalty != 0 || options_.frequency_penalty != 0) PenaliseDrawn(recent, scratch);
}

// As OpenAI's API defines them, over what this sampler drew: the tokens at the end of `recent`.
void Sampler::PenaliseDrawn(std::span<const uint32_t> recent, SamplerScratch& scratch) const {
  const std::span<const uint32_t> drawn = recent.last(static_cast<size_t>(std::min<uint64_t>(drawn_, recent.size())));
  for (const uint32_t id : drawn) {
    CHECK(id < scratch.scores_.size());
    float& score = scratch.scores_[id];
    if (score == kExcluded) continue;
    const double penalty = options_.frequency_penalty + (scratch.seen_[id] == 0 ? options_.presence_penalty : 0);
    score = static_cast<float>(std::clamp<double>(score - penalty, kLowest, kHighest));
    scratch.seen_[id] = 1;
  }
  for (const uint32_t id : drawn) scratch.seen_[id] = 0;
}

// Once for each distinct token of the window, as in llama.cpp: positive scores are divided, others multiplied.
void Sampler::Penalise(std::span<const uint32_t> recent, SamplerScratch& scratch) const {
  std::vector<float>& scores = scratch.scores_;
  const std::span<const uint32_t> window = recent.last(std::min(options_.repeat_window, recent.size()));
  for (size_t i = 0; i < window.size(); ++i) {
    const uint32_t id = window[i];
    CHECK(id < scores.size());
    const auto seen = window.begin() + static_cast<std::ptrdiff_t>(i);
    if (scores[id] == kExcluded || std::find(window.begin(), seen, id) != seen) continue;
    const double score = scores[id];
    const double changed = score > 0 ? score / options_.repeat_penalty : score * options_.repeat_penalty;
    scores[id] = static_cast<float>(std::clamp<double>(changed, kLowest, kHighest));
  }
}

// How many of the candidates, most probable first, top-p and min-p leave; at least one.
size_t Sampler::Cut(size_t candidates, SamplerScratch& scratch) const {
  if (candidates == 1 || (options_.top_p >= 1 && options_.min_p <= 0)) return candidates;
  const double enough = options_.top_p * Weigh(candidates, 1.0, scratch);
  const std::vector<double>& weights = scratch.weights_;
  if (options_.top_p < 1) {
    double sum = weights[0];
    size_t kept = 1;
    while (kept < candidates && sum < enough) sum += weights[kept++];
    candidates = kept;
  }
  while (candidates > 1 && weights[candidates - 1] < options_.min_p * weights[0]) --candidates;
  return candidates;
}

double Sampler::Weigh(size_t candidates, double temperature, SamplerScratch& scratch) {
  const std::vector<float>& scores = scratch.scores_;
  const double highest = scores[scratch.order_[0]];
  double sum = 0;
  for (size_t i = 0; i < candidates; ++i) {
    scratch.weights_[i] = math::Exp((static_cast<double>(scores[scratch.order_[i]]) - highest) / temperature);
    sum += scratch.weights_[i];
  }
  return sum;
}

}  // namespace cllm
