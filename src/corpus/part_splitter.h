#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/status.h"
#include "corpus/corpus_part.h"
#include "text/text_source.h"

// Where a corpus is cut into training and validation text (the rule is at SplitText).
namespace cllm {

// Remembers where documents begin in a corpus of any size: all places while there are few, else a subset whose gaps are
// at most a 4,096th of the bytes so far. One worker only.
class DocumentPlaces {
 public:
  static constexpr size_t kKept = 4096;

  // Documents in order; `begin` is the number of bytes before this one.
  void Add(uint64_t begin);
  // The byte where validation begins in a corpus of `bytes` bytes.
  uint64_t ValidationStart(uint64_t bytes) const;

 private:
  std::vector<uint64_t> places_;
  uint64_t gap_ = 0;
};

using PartVisitor = std::function<Status(CorpusPart part, const TextBlock& block)>;

// Sorts the blocks of a corpus into two parts at byte `cut`. A document across the cut becomes two; the cut moves
// forward over at most three UTF-8 continuation bytes. One worker only; the visitor must outlive it.
class PartSplitter {
 public:
  PartSplitter(uint64_t cut, const PartVisitor& visitor) : cut_(cut), visitor_(visitor) {}
  Status Add(const TextBlock& block);

 private:
  Status Cut(const TextBlock& block);

  uint64_t cut_;
  const PartVisitor& visitor_;
  uint64_t position_ = 0;
  bool past_cut_ = false;
};

}  // namespace cllm
