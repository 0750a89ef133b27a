#pragma once

#include <cstddef>
#include <cstdint>

namespace cllm {

// One context of an evaluation: inputs are tokens [start, start + length), targets [start + 1, start + 1 + length);
// the targets from the `first_counted`-th on count, the ones before only give context.
struct EvaluationWindow {
  uint64_t start = 0;
  uint64_t length = 0;         // 1 to context
  uint64_t first_counted = 0;  // < length

  bool operator==(const EvaluationWindow&) const = default;
};

// The windows over `tokens` tokens in which every token but the first is a counted target exactly once. With
// stride = context (the default use) contexts go end to end and the last may be partial; a smaller stride gives every
// target at least context - stride tokens before it, where the text has them. Immutable, thread-safe.
class EvaluationWindows {
 public:
  // REQUIRES: 1 <= stride <= context.
  EvaluationWindows(uint64_t tokens, uint64_t context, uint64_t stride);

  uint64_t size() const { return size_; }  // 0 for fewer than 2 tokens
  // REQUIRES: index < size().
  EvaluationWindow operator[](uint64_t index) const;
  // The `i`-th of `count` windows spread evenly over all. REQUIRES: i < count <= size().
  EvaluationWindow OfSample(uint64_t i, uint64_t count) const;
  uint64_t targets() const { return tokens_ == 0 ? 0 : tokens_ - 1; }

 private:
  uint64_t tokens_, context_, stride_, size_;
};

}  // namespace cllm
