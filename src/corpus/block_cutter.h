#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "corpus/corpus.h"
#include "text/chat_template.h"

namespace cllm {

// Cuts documents of any length into blocks of at most kMaxBlockBytes for a visitor (see there for where it cuts).
// One worker only; the visitor must outlive it.
class BlockCutter {
 public:
  explicit BlockCutter(const TextVisitor& visitor) : visitor_(visitor) {}

  // More bytes of the current document.
  Status Append(std::string_view bytes);
  // Ends the current document; one without bytes is left out.
  Status EndDocument();
  // A whole document in the pieces of a dialogue, whose borders are those of blocks. REQUIRES: no document is open.
  Status Dialogue(std::span<const ChatPiece> pieces);

 private:
  const TextVisitor& visitor_;
  std::string buffer_;
  bool scored_ = true;  // of what is in the buffer
};

// Where to cut a full buffer of which more follows: in [1, text.size()]. REQUIRES: text.size() >= 4.
size_t BlockCut(std::string_view text);

}  // namespace cllm
