#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace cllm {

// Encodes one document after another from blocks of any size, with bounded memory: the tokens are those of
// Tokenizer::Encode on each whole document. Borrows the tokenizer. One worker only.
class EncodeStream {
 public:
  explicit EncodeStream(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // Appends the tokens that no later byte can change.
  void Add(std::string_view block, std::vector<uint32_t>& out);
  // Appends the rest of the document; the stream is then ready for the next one.
  void EndDocument(std::vector<uint32_t>& out);

 private:
  const Tokenizer& tokenizer_;
  std::string tail_;  // the bytes whose pieces are not settled yet
};

}  // namespace cllm
