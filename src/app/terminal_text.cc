#include "app/terminal_text.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdint>

#include "base/file.h"

namespace cllm {
std::string ForTerminal(const std::string& text) {
  std::string out;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t i = 0; i < text.size();) {
    utf8proc_int32_t code = -1;
    const auto length = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    const bool control = code >= 0 && (code < 0x20 || (code >= 0x7f && code < 0xa0)) && code != '\n' && code != '\t';
    if (length <= 0 || control) {
      out += "\xEF\xBF\xBD";
      i += length <= 0 ? 1 : static_cast<size_t>(length);
      continue;
    }
    out.append(text, i, static_cast<size_t>(length));
    i += static_cast<size_t>(length);
  }
  return out;
}

std::string ProgramName() {
  constexpr size_t kMaxBytes = 1 << 20;
  const Result<std::string> line = ReadFile("/proc/self/cmdline", kMaxBytes);
  const std::string name = line.ok() ? line->substr(0, line->find('\0')) : "";
  return name.find('/') != name.npos ? name : "cllm";
}

size_t Columns(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  return text.size() - static_cast<size_t>(std::ranges::count_if(text, continues));
}

std::string Wrap(std::string_view text, size_t width, size_t indent) {
  std::string out;
  size_t column = indent;
  bool fresh = true;  // no word on this line yet
  for (size_t begin = 0; begin < text.size();) {
    if (text[begin] == '\n' || text[begin] == ' ') {
      if (text[begin] == '\n') {
        out += '\n';
        column = 0;
        fresh = true;
      }
      ++begin;
      continue;
    }
    const std::string_view word = text.substr(begin, std::min(text.find_first_of(" \n", begin), text.size()) - begin);
    const size_t columns = Columns(word);
    if (!fresh && column + 1 + columns > width) {
      out += '\n';
      column = 0;
      fresh = true;
    }
    if (column < indent) out.append(indent - column, ' ');
    column = std::max(column, indent);
    if (!fresh) out += ' ';
    out += word;
    column += columns + (fresh ? 0 : 1);
    fresh = false;
    begin += word.size();
  }
  return out;
}

size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kPageWidth;
  return size.ws_col;
}

}  // namespace cllm
