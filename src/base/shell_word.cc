#include "base/shell_word.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace cllm {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/._-+,=@%:").find(c) != std::string_view::npos;
}

bool IsControl(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

// In the quotes of bash, zsh, ksh and POSIX.1-2024 that know escapes. An octal escape has three digits, so that what
// follows is never taken for one.
std::string WithEscapes(const std::string& word) {
  std::string quoted = "$'";
  for (const char c : word) {
    if (IsControl(c)) {
      quoted += fmt::format("\\{:03o}", static_cast<int>(c));
    } else {
      if (c == '\'' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace

std::string QuotedForShell(const std::string& word) {
  if (word.starts_with('-') && word != "-") return QuotedForShell("./" + word);
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsPlain)) return word;
  if (std::any_of(word.begin(), word.end(), IsControl)) return WithEscapes(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace cllm
