#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace cllm {

// Some bytes of a document, cut before white space, so that no word spans two blocks (a block is split by itself). A
// document is the blocks up to and including one with `ends_document`.
struct TextBlock {
  std::string_view text;  // valid during the call
  bool ends_document = true;
  // Of a dialogue (text/chat_template.h): whether a model learns this text, which it does of any other document; and
  // whether it ends what the assistant says.
  bool scored = true;
  bool ends_turn = false;
};

using TextVisitor = std::function<Status(const TextBlock&)>;

// A text too large to hold: gives every block in order to the visitor and returns its first error, or its own.
using TextSource = std::function<Status(const TextVisitor&)>;

// Told now and then which share of some work is done, [0, 1].
using ShareDone = std::function<void(double share)>;

// Documents in memory, a block each. Borrows them.
inline TextSource DocumentSource(std::span<const std::string_view> documents) {
  return [documents](const TextVisitor& visitor) {
    for (const std::string_view document : documents) CLLM_TRY(visitor({.text = document}));
    return Status();
  };
}

}  // namespace cllm
