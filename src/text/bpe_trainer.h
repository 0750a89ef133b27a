#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "text/piece_encoder.h"
#include "text/word_counts.h"

namespace cllm {

// What byte-level BPE learned. Ids are in order of creation: 0 to 2 are special (empty), 3 to 258 the bytes.
struct LearnedMerges {
  std::vector<std::string> tokens = {};  // by id
  std::vector<Merge> merges = {};        // by rank
};

// A pair that occurs less often is not worth a token.
inline constexpr uint64_t kMinPairCount = 2;

// What follows where the text holds fewer merges than asked for.
enum class Shortage {
  kIsError,
  kIsMet,  // by the largest vocabulary that it supports, as if that had been asked for
};

// Byte-pair encoding (Sennrich, Haddow, Birch 2016): merges the most frequent pair of neighbouring tokens, of equally
// frequent ones the smallest (left id, then right id), until there are `vocabulary` ids. A merge whose bytes are a
// token already reuses its id; a pair that comes back after its merge is merged again without a new entry. Counts are
// kept up to date at the places that change, so the time is that of the changes. Error (BadInput): no pair is left that
// occurs kMinPairCount times; names the largest vocabulary, unless a shortage is met. REQUIRES: vocabulary >= 259.
// progress: told the share of the ids that are made; may be empty.
Result<LearnedMerges> LearnMerges(const WordCounts& words, size_t vocabulary, Shortage shortage = Shortage::kIsError,
                                  const ShareDone& progress = {});

}  // namespace cllm
