#pragma once

#include "base/hash.h"
#include "corpus/corpus.h"
#include "corpus/utf8_counter.h"
#include "text/text_source.h"

namespace cllm {

// Gathers CorpusStatistics from the blocks of a pass. The hash runs over each document's bytes followed by their number
// (u64, little-endian), so it tells where documents end and nothing about blocks; of a dialogue also over where its
// pieces end and what they are. One worker only.
class StatisticsCounter {
 public:
  void Add(const TextBlock& block);
  CorpusStatistics Statistics() const;

 private:
  Hasher hasher_;
  Utf8Counter utf8_;
  uint64_t bytes_ = 0;
  uint64_t documents_ = 0;
  uint64_t nul_bytes_ = 0;
  uint64_t document_begin_ = 0;
  uint64_t dialogues_ = 0;
  uint64_t answers_ = 0;
  bool in_dialogue_ = false;
};

}  // namespace cllm
