#include "infer/kept_caches.h"

#include <algorithm>

namespace cllm {

size_t CommonBeginning(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

void KeptCaches::Keep(std::span<const uint32_t> tokens, const KeyValueCache& cache, uint64_t bytes) {
  if (tokens.empty() || most_ == 0) return;
  for (const Kept& kept : kept_) {
    if (kept.tokens.size() >= tokens.size() && CommonBeginning(kept.tokens, tokens) == tokens.size()) return;
  }
  std::erase_if(kept_, [&](const Kept& kept) { return CommonBeginning(kept.tokens, tokens) == kept.tokens.size(); });
  kept_.push_front({{tokens.begin(), tokens.end()}, cache, bytes});
  if (kept_.size() > most_) kept_.pop_back();
}

const KeptCaches::Kept* KeptCaches::Longest(std::span<const uint32_t> tokens) {
  const auto longest = std::ranges::max_element(
      kept_, {}, [&](const Kept& kept) { return CommonBeginning(kept.tokens, tokens); });
  if (longest == kept_.end() || CommonBeginning(longest->tokens, tokens) == 0) return nullptr;
  kept_.splice(kept_.begin(), kept_, longest);
  return &kept_.front();
}

bool KeptCaches::DropLeastUsed() {
  if (kept_.empty()) return false;
  kept_.pop_back();
  return true;
}

uint64_t KeptCaches::bytes() const {
  uint64_t bytes = 0;
  for (const Kept& kept : kept_) bytes += kept.bytes;
  return bytes;
}

}  // namespace cllm
