#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/pair_table.h"

namespace cllm {

// The pair (left, right) becomes result. Its place in the list of merges is its rank.
struct Merge {
  uint32_t left = 0, right = 0, result = 0;
  bool operator==(const Merge&) const = default;
};

// Byte-level BPE on one piece of text: starts from the tokens of its bytes and, while it can, applies the merge of the
// lowest rank, leftmost first. Immutable, so thread-safe.
class PieceEncoder {
 public:
  // byte_ids[b] is the token of byte b. REQUIRES: pairs are distinct.
  PieceEncoder(const std::array<uint32_t, 256>& byte_ids, std::span<const Merge> merges);

  // Appends the tokens of `piece`: O(n^2) for short pieces, O(n log n) for long ones.
  void Encode(std::string_view piece, std::vector<uint32_t>& out) const;

 private:
  static constexpr uint32_t kNoRank = PairTable::kAbsent;
  static constexpr size_t kShortPiece = 48;  // bytes; the quadratic loop is the faster one up to here

  uint32_t RankOf(uint32_t left, uint32_t right) const { return ranks_.Find(left, right); }
  void EncodeShort(std::string_view piece, std::vector<uint32_t>& out) const;
  void EncodeLong(std::string_view piece, std::vector<uint32_t>& out) const;

  std::array<uint32_t, 256> byte_ids_;
  PairTable ranks_;
  std::vector<uint32_t> results_;  // by rank
};

}  // namespace cllm
