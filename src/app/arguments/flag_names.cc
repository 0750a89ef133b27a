#include "app/arguments/flag_names.h"

#include <algorithm>

#include "base/shell_word.h"
#include "run/run_options.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

constexpr std::string_view kCommand = "cllm ";  // and its words

bool IsOption(std::string_view word) {
  const auto options = RunOptions();
  return word == "stride" || word == "out" || word == "force" ||
         std::any_of(options.begin(), options.end(), [&](const auto& o) { return o.name == word; });
}

}  // namespace

std::string WithFlags(std::string_view sentence) {
  std::string text;
  while (true) {
    const size_t open = sentence.find('`');
    const size_t close = open == sentence.npos ? open : sentence.find('`', open + 1);
    if (close == sentence.npos) return text += sentence;
    const std::string_view word = sentence.substr(open + 1, close - open - 1);
    text += sentence.substr(0, open);
    if (IsOption(word)) {
      (text += "--") += word;
      sentence.remove_prefix(close + 1);
    } else if (word.starts_with(kCommand)) {
      text += '`' + QuotedForShell(ProgramName()) + ' ';
      text += word.substr(kCommand.size());
      text += '`';
      sentence.remove_prefix(close + 1);
    } else {
      text += '`';
      sentence.remove_prefix(open + 1);
    }
  }
}

}  // namespace cllm
