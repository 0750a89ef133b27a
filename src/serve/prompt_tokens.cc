#include "serve/prompt_tokens.h"

namespace cllm {

std::vector<uint32_t> TokensOfText(const ServedModel& model, std::string_view text) {
  const Tokenizer& tokenizer = model.tokenizer();
  std::vector<uint32_t> ids;
  if (tokenizer.adds_begin() || text.empty()) ids.push_back(tokenizer.begin());
  tokenizer.Encode(text, ids);
  return ids;
}

std::vector<uint32_t> TokensOfDialogue(const ServedModel& model, std::span<const ChatPiece> pieces) {
  return model.chat() != nullptr ? ChatTokens(pieces, model.tokenizer()) : TokensOfText(model, ChatText(pieces));
}

}  // namespace cllm
