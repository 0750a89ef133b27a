#include "app/prompts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/system.h"
#include "base/units.h"
#include "corpus/source_file.h"
#include "corpus/text_encoding.h"

namespace cllm {
namespace {

constexpr uint64_t kMostBytes = 64 << 20;

Result<std::string> ReadStandardInput() {
  std::string text;
  char block[1 << 16];
  while (true) {
    const ssize_t count = read(STDIN_FILENO, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return BadInput(fmt::format("standard input cannot be read: {}", SystemErrorText(errno)));
    if (count == 0) return text;
    text.append(block, static_cast<size_t>(count));
    if (text.size() > kMostBytes) {
      return BadInput(fmt::format("standard input: more than {}, expected at most that", FormatBytes(kMostBytes)));
    }
  }
}

}  // namespace

Result<std::string> ReadInput(const std::string& path) {
  CLLM_ASSIGN(const std::string bytes, path == kStandardInput ? ReadStandardInput() : ReadFile(path, kMostBytes));
  return DecodeMarkedText(bytes);
}

std::string InputName(const std::string& path) { return path == kStandardInput ? "standard input" : path; }

std::string WithoutLastNewline(std::string text) {
  if (text.ends_with('\n')) text.resize(text.size() - (text.ends_with("\r\n") ? 2 : 1));
  return text;
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

std::string OnOneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\\' || c == '\n' || c == '\r') line += '\\';
    line += c == '\n' ? 'n' : c == '\r' ? 'r' : c;
  }
  return line;
}

}  // namespace cllm
