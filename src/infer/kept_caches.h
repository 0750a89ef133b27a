#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "infer/key_value_cache.h"

namespace cllm {

// Caches of sequences that are finished, of one model, for those to come that begin in the same way: the next turn of a
// conversation, the same question once more. What a cache holds depends on its tokens alone, so a request's bits do not
// depend on whether one was found. Owns them; thread-compatible.
class KeptCaches {
 public:
  struct Kept {
    std::vector<uint32_t> tokens;
    KeyValueCache cache;
    uint64_t bytes;
  };

  // At most `most`; the one that was not used for longest goes first.
  explicit KeptCaches(size_t most) : most_(most) {}

  // Keeps a cache that holds these tokens, in place of any that holds a beginning of them.
  void Keep(std::span<const uint32_t> tokens, const KeyValueCache& cache, uint64_t bytes);
  // The one that shares the longest beginning with `tokens`, which counts as a use; null where none shares any. Valid
  // until the next call that changes something.
  const Kept* Longest(std::span<const uint32_t> tokens);
  // False: there is none.
  bool DropLeastUsed();
  uint64_t bytes() const;

 private:
  const size_t most_;
  std::list<Kept> kept_;  // used last first
};

// How many tokens two sequences have in common from the start.
size_t CommonBeginning(std::span<const uint32_t> a, std::span<const uint32_t> b);

}  // namespace cllm
