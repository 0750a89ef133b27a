#include "run/logit_comparison.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/check.h"
#include "infer/batch.h"
#include "infer/sampler.h"

namespace cllm {
namespace {

// A model that reads one sequence token by token.
class Reader {
 public:
  explicit Reader(const Weights& weights) : batch_(weights, 1), cache_(weights.shape()) {}

  std::span<const float> Read(uint32_t token) {
    const std::array<uint32_t, 1> tokens = {token};
    const std::array<BatchPart, 1> parts = {{{.cache = &cache_, .tokens = tokens}}};
    return batch_.Step(parts);
  }

 private:
  Batch batch_;
  KeyValueCache cache_;
};

double Magnitude(float x) { return x < 0 ? -static_cast<double>(x) : static_cast<double>(x); }

double Distance(float a, float b) {
  if (a == b) return 0;
  const double distance = Magnitude(a - b);
  return distance >= 0 ? distance : std::numeric_limits<double>::infinity();  // NaN is not
}

}  // namespace

std::vector<uint32_t> OwnText(const Weights& weights, const Tokenizer& tokenizer, size_t count) {
  Reader reader(weights);
  Sampler sampler({.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0});
  SamplerScratch scratch(tokenizer.vocabulary());
  const std::vector<uint32_t> excluded = {tokenizer.unknown()};
  std::vector<uint32_t> tokens = {tokenizer.begin()};
  while (tokens.size() < std::min(count, weights.shape().context)) {
    tokens.push_back(sampler.Draw(reader.Read(tokens.back()), tokens, excluded, scratch));
  }
  return tokens;
}

LogitComparison CompareLogits(const Weights& first, const Weights& second, std::span<const uint32_t> tokens) {
  CHECK(first.shape().vocabulary == second.shape().vocabulary);
  Reader first_reader(first), second_reader(second);
  LogitComparison comparison{.positions = tokens.size()};
  for (const uint32_t token : tokens) {
    const std::span<const float> a = first_reader.Read(token), b = second_reader.Read(token);
    for (size_t v = 0; v < a.size(); ++v) {
      comparison.largest_difference = std::max(comparison.largest_difference, Distance(a[v], b[v]));
      comparison.largest_logit = std::max(comparison.largest_logit, Magnitude(a[v]));
    }
    comparison.same_best += std::ranges::max_element(a) - a.begin() == std::ranges::max_element(b) - b.begin();
  }
  return comparison;
}

}  // namespace cllm
