#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace cllm {

// What is added to a token's logit before anything else.
struct LogitBias {
  uint32_t id = 0;
  float bias = 0;
};

// How the next token is drawn, in llama.cpp's terms, defaults and order: biases, penalties, top-k, top-p, min-p,
// temperature.
struct SamplerOptions {
  double temperature = 0.8;  // 0: always the most probable token, ties by id
  size_t top_k = 40;         // 0: no limit
  double top_p = 0.95;       // 1: no limit
  double min_p = 0.05;       // of the most probable token's probability; 0: no limit
  double repeat_penalty = 1;  // above 1: tokens seen lately become less likely
  size_t repeat_window = 64;  // tokens that count as lately
  double presence_penalty = 0;   // subtracted from the logit of a token that was drawn before
  double frequency_penalty = 0;  // and this for each time that it was
  uint64_t seed = 1;
  std::vector<LogitBias> biases = {};  // finite numbers
};

// Every number finite and in range. Error (Usage): names the number, what was expected and what was found.
Status Validate(const SamplerOptions& options);

// What a sampler works in: one serves any number of samplers of that vocabulary, one after the other. One worker only.
class SamplerScratch {
 public:
  explicit SamplerScratch(size_t vocabulary)
      : scores_(vocabulary), order_(vocabulary), weights_(vocabulary), seen_(vocabulary) {}

 private:
  friend class Sampler;
  std::vector<float> scores_;    // [V] after the penalty; -inf is excluded
  std::vector<uint32_t> order_;  // [V] the candidates come first
  std::vector<double> weights_;  // [V] by position in order_
  std::vector<uint8_t> seen_;    // [V] whether a token was penalised for its presence; 0 between draws
};

// Draws tokens from logits. The draw with number i is a pure function of (seed, i, logits, recent tokens). One worker
// only.
class Sampler {
 public:
  // REQUIRES: Validate(options) is ok.
  explicit Sampler(const SamplerOptions& options);

  // logits [V] are not changed; `recent` are the tokens so far, the newest last, those that were drawn at the end.
  // Tokens in `excluded` are never drawn. A NaN or -inf counts as the lowest finite number, +inf as the highest.
  // Allocates nothing. REQUIRES: a token that is not excluded; recent, excluded and biases < V; the scratch is of V
  // tokens.
  uint32_t Draw(std::span<const float> logits, std::span<const uint32_t> recent, std::span<const uint32_t> excluded,
                SamplerScratch& scratch);

  // The tokens that a draw chooses from, most probable first, ties by id; one at temperature 0. They lie in the
  // scratch. REQUIRES: as above.
  std::span<const uint32_t> Candidates(std::span<const float> logits, std::span<const uint32_t> recent,
                                       std::span<const uint32_t> excluded, SamplerScratch& scratch) const;

 private:
  void Score(std::span<const float> logits, std::span<const uint32_t> recent, std::span<const uint32_t> excluded,
             SamplerScratch& scratch) const;
  void Penalise(std::span<const uint32_t> recent, SamplerScratch& scratch) const;
  void PenaliseDrawn(std::span<const uint32_t> recent, SamplerScratch& scratch) const;
  size_t Cut(size_t candidates, SamplerScratch& scratch) const;
  // weights_[i] = exp((score of candidate i - highest score) / temperature) for i < candidates; returns their sum.
  static double Weigh(size_t candidates, double temperature, SamplerScratch& scratch);

  SamplerOptions options_;
  uint64_t drawn_ = 0;
};

}  // namespace cllm
