#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace cllm {

// A run of tokens in a mapped file: a view, valid while its TokenFile lives. Immutable, thread-safe.
class TokenView {
 public:
  TokenView() = default;
  TokenView(const void* tokens, size_t token_bytes, size_t size, size_t vocabulary)
      : tokens_(tokens), token_bytes_(token_bytes), size_(size), vocabulary_(vocabulary) {}

  size_t size() const { return size_; }
  size_t vocabulary() const { return vocabulary_; }
  // The token at `index`, unchecked against the vocabulary. REQUIRES: index < size().
  uint32_t operator[](size_t index) const;
  // Copies tokens [start, start + out.size()) to `out`. kBadInput: a token is outside the vocabulary (a damaged file
  // too large to have been verified when it was opened). REQUIRES: the range lies inside.
  Status Read(size_t start, std::span<uint32_t> out) const;

 private:
  const void* tokens_ = nullptr;
  size_t token_bytes_ = 2;
  size_t size_ = 0;
  size_t vocabulary_ = 0;
};

}  // namespace cllm
