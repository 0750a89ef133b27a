#include "data/scored_spans.h"

#include <algorithm>
#include <cstring>

namespace cllm {

ScoredSpans::Span ScoredSpans::At(uint64_t index) const {
  Span span;
  static_assert(sizeof span == kBytes);
  std::memcpy(&span, pairs_ + index * kBytes, kBytes);
  return span;
}

uint64_t ScoredSpans::FirstBehind(uint64_t token) const {
  uint64_t low = 0, high = count_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (At(middle).end > token) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

uint64_t ScoredSpans::CountIn(uint64_t begin, uint64_t count) const {
  if (all_) return count;
  uint64_t scored = 0;
  const uint64_t end = begin + count;
  for (uint64_t i = FirstBehind(begin); i < count_; ++i) {
    const Span span = At(i);
    if (span.begin >= end) break;
    const uint64_t first = std::max(span.begin, begin), last = std::min(span.end, end);
    scored += last > first ? last - first : 0;
  }
  return scored;
}

void ScoredSpans::Mask(uint64_t begin, std::span<uint32_t> tokens, uint32_t none) const {
  if (all_) return;
  const uint64_t size = tokens.size();
  uint64_t done = 0;  // tokens that are decided
  for (uint64_t i = FirstBehind(begin); i < count_ && done < size; ++i) {
    const Span span = At(i);
    const uint64_t first = std::clamp(std::max(span.begin, begin) - begin, done, size);
    std::fill(tokens.begin() + static_cast<ptrdiff_t>(done), tokens.begin() + static_cast<ptrdiff_t>(first), none);
    done = std::clamp(std::max(span.end, begin) - begin, first, size);
  }
  std::fill(tokens.begin() + static_cast<ptrdiff_t>(done), tokens.end(), none);
}

bool ScoredSpans::Fits(uint64_t tokens, uint64_t scored) const {
  if (all_) return true;
  uint64_t before = 0, sum = 0;
  for (uint64_t i = 0; i < count_; ++i) {
    const Span span = At(i);
    if ((i > 0 && span.begin <= before) || span.end <= span.begin || span.end > tokens) return false;
    before = span.end;
    sum += span.end - span.begin;
  }
  return sum == scored;
}

}  // namespace cllm
