#include "data/token_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"

namespace cllm {
namespace {

// Copies `out.size()` tokens and returns the largest.
template <typename Stored>
uint32_t CopyTokens(const Stored* from, std::span<uint32_t> out) {
  uint32_t largest = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = from[i];
    largest = std::max(largest, out[i]);
  }
  return largest;
}

}  // namespace

uint32_t TokenView::operator[](size_t index) const {
  DCHECK(index < size_);
  return token_bytes_ == 2 ? static_cast<const uint16_t*>(tokens_)[index]
                           : static_cast<const uint32_t*>(tokens_)[index];
}

Status TokenView::Read(size_t start, std::span<uint32_t> out) const {
  CHECK(start <= size_ && out.size() <= size_ - start);
  const uint32_t largest = token_bytes_ == 2 ? CopyTokens(static_cast<const uint16_t*>(tokens_) + start, out)
                                             : CopyTokens(static_cast<const uint32_t*>(tokens_) + start, out);
  if (out.empty() || largest < vocabulary_) return {};
  return BadInput(
      fmt::format("the prepared corpus is damaged: expected tokens below {}, found {} near token {}; remove "
                  "it from the cache directory",
                  vocabulary_, largest, start));
}

}  // namespace cllm
