#include "corpus/block_cutter.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace cllm {
namespace {

uint8_t Byte(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

bool IsSpace(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// Whether the character that ends before `end` may be Unicode white space (all of it outside ASCII starts with C2, or
// with E1 9A, E2 80, E2 81 or E3 80; characters that share such a start are taken for white space too).
bool MayEndWithSpace(std::string_view text, size_t end) {
  const uint8_t last = Byte(text, end - 1);
  if (last < 0x80) return last <= ' ' || last == 0x7F;
  if (end >= 2 && Byte(text, end - 2) == 0xC2) return true;
  if (end < 3) return true;
  const uint8_t first = Byte(text, end - 3), second = Byte(text, end - 2);
  return (first == 0xE1 && second == 0x9A) || (first == 0xE2 && (second == 0x80 || second == 0x81)) ||
         (first == 0xE3 && second == 0x80);
}

}  // namespace

size_t BlockCut(std::string_view text) {
  for (size_t cut = text.size() - 1; cut > 0; --cut) {
    if (IsSpace(Byte(text, cut)) && !MayEndWithSpace(text, cut)) return cut;
  }
  // One long word: between characters. A character that may go on behind the end is left for the next block.
  const size_t size = text.size();
  for (size_t back = 1; back <= 3; ++back) {
    const uint8_t byte = Byte(text, size - back);
    if (byte >= 0xC0) return size - back;
    if (!IsContinuation(byte)) break;
  }
  // The end of a four-byte character, or bytes that are not UTF-8.
  return Byte(text, size - 4) >= 0xF0 ? size - 4 : size;
}

Status BlockCutter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (buffer_.size() == kMaxBlockBytes) {
      const size_t cut = BlockCut(buffer_);
      CLLM_TRY(visitor_({.text = std::string_view(buffer_).substr(0, cut), .ends_document = false, .scored = scored_}));
      buffer_.erase(0, cut);
    }
    const size_t taken = std::min(bytes.size(), kMaxBlockBytes - buffer_.size());
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
  }
  return {};
}

Status BlockCutter::Dialogue(std::span<const ChatPiece> pieces) {
  CHECK(buffer_.empty());
  for (size_t i = 0; i < pieces.size(); ++i) {
    scored_ = pieces[i].scored;
    CLLM_TRY(Append(pieces[i].text));
    const Status status = visitor_({.text = buffer_,
                                    .ends_document = i + 1 == pieces.size(),
                                    .scored = scored_,
                                    .ends_turn = pieces[i].ends_turn});
    buffer_.clear();
    scored_ = true;
    CLLM_TRY(status);
  }
  return {};
}

Status BlockCutter::EndDocument() {
  if (buffer_.empty()) return {};
  const Status status = visitor_({.text = buffer_, .ends_document = true});
  buffer_.clear();
  return status;
}

}  // namespace cllm
