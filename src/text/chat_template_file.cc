#include "text/chat_template_file.h"

#include <fmt/core.h>

#include "base/file.h"
#include "base/path.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 20;

}  // namespace

std::string ChatTemplateJson(const ChatTemplate& chat) {
  return WriteJson({{"format", kChatTemplateFormat}, {"id", chat.id}, {"template", chat.jinja}}, JsonStyle::kIndented) +
         "\n";
}

Status SaveChatTemplate(const ChatTemplate& chat, FileSystem& files, const std::string& directory) {
  return AtomicWriteFile(files, JoinPath(directory, kChatTemplateFileName), AsBytes(ChatTemplateJson(chat)));
}

Result<const ChatTemplate*> LoadChatTemplate(const std::string& directory) {
  const std::string path = JoinPath(directory, kChatTemplateFileName);
  if (!PathExists(path)) return static_cast<const ChatTemplate*>(nullptr);
  CLLM_ASSIGN(const JsonObject file, JsonObject::ReadFrom(path, kMaxBytes));
  CLLM_TRY(file.CheckFormat(kChatTemplateFormat));
  CLLM_ASSIGN(const std::string id, file.Text("id"));
  CLLM_ASSIGN(const std::string jinja, file.Text("template"));
  if (id == kPlainChat.id && jinja == kPlainChat.jinja) return &kPlainChat;
  return BadInput(
      fmt::format("{}: the chat template '{}' is not known to this program, expected '{}'; without the file "
                  "the model continues texts",
                  path, id, kPlainChat.id));
}

}  // namespace cllm
