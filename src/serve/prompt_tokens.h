#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "serve/served_model.h"

namespace cllm {

// A text as a model is given it: with the token that begins texts, where the tokenizer adds one or the text is empty.
std::vector<uint32_t> TokensOfText(const ServedModel& model, std::string_view text);

// A dialogue as a model is given it: in the tokens of its template, or as one text where it was never taught any.
std::vector<uint32_t> TokensOfDialogue(const ServedModel& model, std::span<const ChatPiece> pieces);

}  // namespace cllm
