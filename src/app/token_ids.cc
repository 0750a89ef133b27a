#include "app/token_ids.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "terminal/terminal_text.h"
#include "terminal/text_width.h"

namespace cllm {
namespace {

constexpr std::string_view kBetween = " \t\r\n,[]";
constexpr size_t kShown = 40;  // bytes of a word in a message

// "line 3, column 5" of a byte.
std::string PlaceOf(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}", line, 1 + ColumnsOf(before.substr(start)));
}

}  // namespace

Result<std::vector<uint32_t>> ParseTokenIds(std::string_view text, const std::string& label, size_t vocabulary) {
  std::vector<uint32_t> ids;
  for (size_t begin = 0; begin < text.size();) {
    const size_t start = text.find_first_not_of(kBetween, begin);
    if (start == text.npos) break;
    const size_t end = std::min(text.find_first_of(kBetween, start), text.size());
    const std::string_view word = text.substr(start, end - start);
    const Result<uint64_t> id = ParseCount(word);
    if (!id.ok() || *id >= vocabulary) {
      return BadInput(fmt::format("{}, {}: '{}' is no token id, expected whole numbers from 0 to {}", label,
                                  PlaceOf(text, start), ForTerminal(std::string(word.substr(0, kShown))),
                                  vocabulary - 1));
    }
    ids.push_back(static_cast<uint32_t>(*id));
    begin = end;
  }
  return ids;
}

}  // namespace cllm
