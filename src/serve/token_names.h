#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/json.h"
#include "text/tokenizer.h"

namespace cllm {

// A token as a text of its own in JSON: its bytes where they are UTF-8, "bytes:\xe2\x82" for a part of a character (as
// in OpenAI's API), and the name of a special token.
std::string TokenString(const Tokenizer& tokenizer, uint32_t id);
// Its bytes as an array of numbers; null for a special token.
JsonValue TokenBytesJson(const Tokenizer& tokenizer, uint32_t id);
// ln p as JSON can say it: -9999 for less, and for what is no number.
double JsonLogprob(float logprob);

bool IsUtf8(std::string_view text);
// Code points: bytes that do not continue a character.
size_t Characters(std::string_view text);

}  // namespace cllm
