#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/string_index.h"
#include "text/text_source.h"

namespace cllm {

// How often each piece of the pre-split occurs in a text. Words are in order of arrival. Thread-compatible.
class WordCounts {
 public:
  void Add(std::string_view word, uint64_t count);
  // Adds the words of `other` in their order.
  void Add(const WordCounts& other);

  // Drops rare words until at most `max_bytes` of text are left: all below some count, then the latest of that count.
  void Thin(size_t max_bytes);

  size_t size() const { return words_.size(); }
  size_t bytes() const { return words_.bytes(); }
  std::string_view word(size_t i) const { return words_[i]; }
  uint64_t count(size_t i) const { return counts_[i]; }

 private:
  StringIndex words_;
  std::vector<uint64_t> counts_;
};

// Bytes of distinct words that are kept, so that a text without spaces, or a very large one, fits in memory.
inline constexpr size_t kMaxWordBytes = size_t{24} << 20;

// The words of a whole text, counted on `threads` threads; the result does not depend on their number. `documents`
// gets the number of documents. Errors: the source's own. REQUIRES: threads >= 1.
Result<WordCounts> CountWords(const TextSource& source, size_t threads, uint64_t& documents);

}  // namespace cllm
