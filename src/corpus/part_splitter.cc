#include "corpus/part_splitter.h"

#include <algorithm>

namespace cllm {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

uint64_t Distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

}  // namespace

void DocumentPlaces::Add(uint64_t begin) {
  if (!places_.empty() && begin - places_.back() < gap_) return;
  places_.push_back(begin);
  if (places_.size() < 2 * kKept) return;
  gap_ = begin / kKept;
  std::vector<uint64_t> kept;
  for (const uint64_t place : places_) {
    if (kept.empty() || place - kept.back() >= gap_) kept.push_back(place);
  }
  places_ = std::move(kept);
}

uint64_t DocumentPlaces::ValidationStart(uint64_t bytes) const {
  const uint64_t target = bytes / 10 * 9 + bytes % 10 * 9 / 10;  // floor(9 n / 10) without overflow
  uint64_t nearest = 0;
  for (const uint64_t place : places_) {
    if (place > 0 && place < bytes && (nearest == 0 || Distance(place, target) < Distance(nearest, target))) {
      nearest = place;
    }
  }
  return nearest != 0 && Distance(nearest, target) <= bytes / 20 ? nearest : target;
}

Status PartSplitter::Add(const TextBlock& block) {
  const uint64_t end = position_ + block.text.size();
  if (past_cut_ || position_ >= cut_) return visitor_(CorpusPart::kValidation, block);
  if (end >= cut_) return Cut(block);
  position_ = end;
  return visitor_(CorpusPart::kTraining, block);
}

Status PartSplitter::Cut(const TextBlock& block) {
  size_t at = static_cast<size_t>(cut_ - position_);
  for (int moved = 0; moved < 3 && at < block.text.size() && IsContinuation(block.text[at]); ++moved) ++at;
  past_cut_ = true;
  TextBlock first = block, second = block;
  first.text = block.text.substr(0, at);
  first.ends_document = true;
  const bool whole = at == block.text.size();
  first.ends_turn = block.ends_turn && whole;
  CLLM_TRY(visitor_(CorpusPart::kTraining, first));
  if (whole) return {};
  second.text = block.text.substr(at);
  return visitor_(CorpusPart::kValidation, second);
}

}  // namespace cllm
