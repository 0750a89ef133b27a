#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace cllm {

// Some bytes of a text. A document is the blocks up to and including one with `ends_document`.
struct TextBlock {
  std::string_view text;
  bool ends_document = true;
};

// A text too large to hold, block by block. One reader only.
class TextSource {
 public:
  virtual ~TextSource() = default;
  // The next block, valid until the next call, or nothing at the end.
  virtual Result<std::optional<TextBlock>> Next() = 0;
};

// Documents in memory, a block each. Borrows them.
class DocumentSource : public TextSource {
 public:
  explicit DocumentSource(std::span<const std::string_view> documents) : documents_(documents) {}

  Result<std::optional<TextBlock>> Next() override {
    if (next_ == documents_.size()) return std::optional<TextBlock>();
    return std::optional<TextBlock>(TextBlock{.text = documents_[next_++]});
  }

 private:
  std::span<const std::string_view> documents_;
  size_t next_ = 0;
};

}  // namespace cllm
