#include "serve/token_names.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

namespace cllm {

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                         static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (bytes <= 0) return false;
    at += static_cast<size_t>(bytes);
  }
  return true;
}

size_t Characters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string TokenString(const Tokenizer& tokenizer, uint32_t id) {
  const std::string_view bytes = tokenizer.TokenBytes(id);
  if (bytes.empty()) return tokenizer.TokenText(id);
  if (IsUtf8(bytes)) return std::string(bytes);
  std::string name = "bytes:";
  for (const char c : bytes) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return name;
}

JsonValue TokenBytesJson(const Tokenizer& tokenizer, uint32_t id) {
  const std::string_view bytes = tokenizer.TokenBytes(id);
  if (bytes.empty()) return {};
  JsonArray numbers;
  for (const char c : bytes) numbers.emplace_back(static_cast<unsigned>(static_cast<unsigned char>(c)));
  return numbers;
}

double JsonLogprob(float logprob) {
  constexpr float kLowest = -9999;
  return static_cast<double>(logprob >= kLowest ? logprob : kLowest);
}

}  // namespace cllm
