#include "terminal/wrap.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "terminal/terminal_text.h"
#include "terminal/text_width.h"

namespace cllm {
namespace {

constexpr size_t kNarrowestColumn = 24;  // of a page that still has two columns
constexpr size_t kNarrowIndent = 6;      // of the second one's lines, where it has not
constexpr size_t kCommandIndent = 2;

// The word that the text begins with: up to a space, but not one between backquotes.
std::string_view FirstWord(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') return text.substr(0, i);
    if (text[i] != '`') continue;
    const size_t close = text.find('`', i + 1);
    if (close != text.npos) i = close;
  }
  return text;
}

// One line of words.
std::string WrapLine(std::string_view line, size_t width, size_t indent) {
  std::string out;
  size_t column = indent;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return out;
    const std::string_view word = FirstWord(line);
    const size_t columns = ColumnsOf(word);
    const bool first = column == indent;
    if (!first && column + 1 + columns > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
    line.remove_prefix(word.size());
  }
}

template <typename Work>
std::string ByLines(std::string_view text, const Work& work) {
  std::string out;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += work(text.substr(0, end));
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string WrapPageLine(std::string_view line, size_t width) {
  if (ColumnsOf(line) <= width) return std::string(line);
  const size_t indent = line.find_first_not_of(' ');
  const size_t gap = line.find("  ", indent);
  const size_t below = std::min(kNarrowIndent, width / 4);
  if (gap == line.npos) {
    if (indent == kCommandIndent && line[indent] != '-') return std::string(line);
    const size_t margin = indent + kNarrowestColumn <= width ? indent : below;
    return std::string(margin, ' ') + WrapLine(line, width, margin);
  }
  const size_t second = std::min(line.find_first_not_of(' ', gap), line.size());
  const std::string_view first_column = line.substr(0, gap), rest = line.substr(second);
  if (second + kNarrowestColumn <= width) return std::string(line.substr(0, second)) + WrapLine(rest, width, second);
  return std::string(indent, ' ') + WrapLine(first_column, width, indent) + '\n' + std::string(below, ' ') +
         WrapLine(rest, width, below);
}

}  // namespace

std::string Wrap(std::string_view text, size_t width, size_t indent) {
  if (width == 0) return std::string(text);
  bool first = true;
  return ByLines(ForTerminal(std::string(text)), [&](std::string_view line) {
    const std::string margin(first ? 0 : indent, ' ');
    first = false;
    return line.empty() ? "" : margin + WrapLine(line, width, indent);
  });
}

std::string WrapPage(std::string_view page, size_t width) {
  if (width == 0) return std::string(page);
  return ByLines(page, [&](std::string_view line) { return WrapPageLine(line, width); });
}

size_t TerminalColumns(int descriptor) {
  winsize size = {};
  if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace cllm
