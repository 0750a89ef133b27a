#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cllm {

// Which tokens of a text are learned, and so count as targets: all, or spans in a mapped file. A view, valid while its
// TokenFile lives. A damaged file that was too large to be verified gives other numbers, but leads nowhere outside.
// Immutable, thread-safe.
class ScoredSpans {
 public:
  static constexpr size_t kBytes = 16;  // of a span in the file

  ScoredSpans() = default;  // all
  // pairs: `count` times two u64, the first token of a span and the one behind its last.
  ScoredSpans(const std::byte* pairs, uint64_t count) : pairs_(pairs), count_(count), all_(false) {}

  bool all() const { return all_; }
  // How many of the tokens [begin, begin + count) are scored.
  uint64_t CountIn(uint64_t begin, uint64_t count) const;
  // tokens are [begin, begin + size) of the text: those that are not scored become `none`.
  void Mask(uint64_t begin, std::span<uint32_t> tokens, uint32_t none) const;
  // Whether the spans are in order and apart, inside so many tokens, and hold so many. True of all.
  bool Fits(uint64_t tokens, uint64_t scored) const;

 private:
  struct Span {
    uint64_t begin, end;
  };
  Span At(uint64_t index) const;
  // The first span that ends behind a token.
  uint64_t FirstBehind(uint64_t token) const;

  const std::byte* pairs_ = nullptr;
  uint64_t count_ = 0;
  bool all_ = true;
};

}  // namespace cllm
