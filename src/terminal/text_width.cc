#include "terminal/text_width.h"

#include <utf8proc.h>

namespace cllm {
namespace {

struct Character {
  size_t bytes, columns;
};

// REQUIRES: the text is not empty.
Character FirstCharacter(std::string_view text) {
  utf8proc_int32_t code = -1;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (length <= 0) return {.bytes = 1, .columns = 1};
  const int width = utf8proc_charwidth(code);
  return {.bytes = static_cast<size_t>(length), .columns = width <= 0 ? 0 : static_cast<size_t>(width)};
}

}  // namespace

size_t ColumnsOf(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const Character first = FirstCharacter(text);
    columns += first.columns;
    text.remove_prefix(first.bytes);
  }
  return columns;
}

std::string_view FirstColumns(std::string_view text, size_t columns) {
  size_t end = 0;
  for (size_t taken = 0; end < text.size();) {
    const Character next = FirstCharacter(text.substr(end));
    taken += next.columns;
    if (taken > columns) break;
    end += next.bytes;
  }
  return text.substr(0, end);
}

}  // namespace cllm
