#include "text/piece_encoder.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "base/check.h"

namespace cllm {

PieceEncoder::PieceEncoder(const std::array<uint32_t, 256>& byte_ids, std::span<const Merge> merges)
    : byte_ids_(byte_ids), ranks_(merges.size()) {
  for (const Merge& merge : merges) {
    const auto rank = static_cast<uint32_t>(results_.size());
    CHECK(ranks_.FindOrAdd(merge.left, merge.right, rank) == rank);
    results_.push_back(merge.result);
  }
}

void PieceEncoder::Encode(std::string_view piece, std::vector<uint32_t>& out) const {
  if (piece.size() <= kShortPiece) {
    EncodeShort(piece, out);
  } else {
    EncodeLong(piece, out);
  }
}

void PieceEncoder::EncodeShort(std::string_view piece, std::vector<uint32_t>& out) const {
  // ids[i] and ids[i + 1] merge with rank ranks[i].
  std::array<uint32_t, kShortPiece> ids, ranks;
  size_t count = 0;
  for (const char c : piece) ids[count++] = byte_ids_[static_cast<unsigned char>(c)];
  for (size_t i = 0; i + 1 < count; ++i) ranks[i] = RankOf(ids[i], ids[i + 1]);
  while (count > 1) {
    const auto best = static_cast<size_t>(
        std::min_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count - 1)) - ranks.begin());
    if (ranks[best] == kNoRank) break;
    ids[best] = results_[ranks[best]];
    for (size_t i = best + 1; i + 1 < count; ++i) {
      ids[i] = ids[i + 1];
      ranks[i - 1] = ranks[i];  // its own pair is set below
    }
    --count;
    if (best > 0) ranks[best - 1] = RankOf(ids[best - 1], ids[best]);
    if (best + 1 < count) ranks[best] = RankOf(ids[best], ids[best + 1]);
  }
  out.insert(out.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
}

void PieceEncoder::EncodeLong(std::string_view piece, std::vector<uint32_t>& out) const {
  CHECK(piece.size() < UINT32_MAX);
  const auto size = static_cast<uint32_t>(piece.size());
  // A chain of tokens, each at the place of its first byte; merged ones leave it and become kGone.
  constexpr uint32_t kGone = UINT32_MAX;
  std::vector<uint32_t> ids(size), next(size), previous(size);
  // Pairs by rank, then place, as (rank << 32 | place of the left token). Entries go stale and are checked when taken.
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> queue;
  const auto offer = [&](uint32_t left) {
    if (next[left] == size) return;
    const uint32_t rank = RankOf(ids[left], ids[next[left]]);
    if (rank != kNoRank) queue.push((uint64_t{rank} << 32) | left);
  };
  for (uint32_t i = 0; i < size; ++i) {
    ids[i] = byte_ids_[static_cast<unsigned char>(piece[i])];
    next[i] = i + 1;
    previous[i] = i == 0 ? kGone : i - 1;
  }
  for (uint32_t i = 0; i < size; ++i) offer(i);
  while (!queue.empty()) {
    const auto rank = static_cast<uint32_t>(queue.top() >> 32), left = static_cast<uint32_t>(queue.top());
    queue.pop();
    if (ids[left] == kGone || next[left] == size || RankOf(ids[left], ids[next[left]]) != rank) continue;
    const uint32_t right = next[left];
    ids[left] = results_[rank];
    ids[right] = kGone;
    next[left] = next[right];
    if (next[left] != size) previous[next[left]] = left;
    if (previous[left] != kGone) offer(previous[left]);
    offer(left);
  }
  for (uint32_t i = 0; i < size; i = next[i]) out.push_back(ids[i]);
}

}  // namespace cllm
