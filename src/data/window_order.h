#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "data/scored_spans.h"
#include "data/token_view.h"
#include "text/tokenizer.h"

namespace cllm {

// The order in which training reads its windows of context + 1 tokens (inputs and, one later, targets): a pure function
// of (seed, sequence index), so any step is computable without state, by any worker, in any order.
//
// Epoch e lays max(1, floor((N - T) / T)) windows end to end from a random offset below T, and visits each once, in an
// order permuted by counter-based random numbers. Every epoch has the same number of windows. Immutable, thread-safe.
class WindowOrder {
 public:
  // REQUIRES: tokens >= context + 1 (CheckLongEnough), context >= 1.
  WindowOrder(uint64_t tokens, uint64_t context, uint64_t seed);

  uint64_t windows() const { return windows_; }  // per epoch
  uint64_t EpochOf(uint64_t sequence) const { return sequence / windows_; }
  // Where the window of the global sequence index starts; start + context + 1 <= tokens.
  uint64_t Window(uint64_t sequence) const;
  // Targets of the sequences [first, first + count) that are scored. REQUIRES: `scored` is of the same text.
  uint64_t ScoredIn(const ScoredSpans& scored, uint64_t first, uint64_t count) const;
  // Fills out[context + 1] from `tokens`, which must be the view of the size given above. Error: TokenView::Read.
  Status ReadSequence(const TokenView& tokens, uint64_t sequence, std::span<uint32_t> out) const;
  // The same from a text's training part, but a window that starts at the end of a line starts with the begin token
  // instead: a text of one document would hardly ever show that token to the model, and generation starts with it.
  Status ReadTrainingWindow(const TokenView& tokens, const Tokenizer& tokenizer, uint64_t sequence,
                            std::span<uint32_t> out) const;

 private:
  uint64_t tokens_, context_, seed_, windows_;
};

}  // namespace cllm
