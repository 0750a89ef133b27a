#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infer/request_batch.h"
#include "serve/dashboard/run_tokens.h"

namespace cllm {

// Nats of each token of the vocabulary, as a checkpoint predicts it in the validation part: the mean over the places
// where it stands among some thousand tokens, contexts spread evenly over the part. Found piece by piece, so that
// others may use the thread in between. One thread at a time.
class TokenLosses {
 public:
  // weights, tokens: outlive this. REQUIRES: tokens.corpus; of one vocabulary.
  TokenLosses(const Weights& weights, const RunTokens& tokens);

  bool done() const { return next_ == windows_; }
  // Looks at one context more. REQUIRES: !done(). Error (BadInput): damaged tokens.
  Status Step();
  // By token; NaN for those that were not seen.
  std::vector<float> Means() const;

 private:
  const RunTokens& tokens_;
  const Weights& weights_;
  RequestBatch batch_;
  uint64_t windows_ = 0, next_ = 0;
  std::vector<double> sums_;
  std::vector<uint32_t> counts_;
};

}  // namespace cllm
