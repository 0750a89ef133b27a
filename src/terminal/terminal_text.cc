#include "terminal/terminal_text.h"

#include <utf8proc.h>

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

}  // namespace cllm
