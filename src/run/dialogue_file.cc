#include "run/dialogue_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/file.h"
#include "corpus/json_line.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr const char* kField = "messages";

// The one line of a text that holds something. Error: none, or several.
Result<std::string_view> OnlyLine(std::string_view text, const std::string& path) {
  std::string_view found;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (!found.empty()) return BadInput(path + ": expected one dialogue, a line of JSON, found several lines");
    found = line;
  }
  if (found.empty()) return BadInput(path + ": expected a dialogue, a line of JSON, found none");
  return found;
}

}  // namespace

Status SaveDialogue(const std::vector<ChatMessage>& messages, FileSystem& files, const std::string& path) {
  if (PathExists(path) && !LoadDialogue(path).ok()) {
    return BadInput(fmt::format("{}: there is something else than a saved dialogue; name another file", path));
  }
  JsonArray list;
  for (const ChatMessage& message : messages) {
    list.push_back(JsonFields{{"role", message.role}, {"content", message.content}});
  }
  return AtomicWriteFile(files, path, AsBytes(WriteJson({{kField, std::move(list)}}) + "\n"));
}

Result<std::vector<ChatMessage>> LoadDialogue(const std::string& path) {
  CLLM_ASSIGN(const std::string text, ReadFile(path, kMaxJsonLineBytes));
  CLLM_ASSIGN(const std::string_view line, OnlyLine(text, path));
  Result<JsonLine> read = ReadJsonLine(line, kField);
  if (!read.ok()) return BadInput(fmt::format("{}: {}", path, read.status().message()));
  if (!read->is_list)
    return BadInput(fmt::format("{}: expected a list of messages in \"{}\", found a text", path, kField));
  if (const Status named = NameRoles(read->messages); !named.ok()) {
    return BadInput(fmt::format("{}: {}", path, named.message()));
  }
  return std::move(read->messages);
}

}  // namespace cllm
