#pragma once

#include <string>

#include "base/status.h"
#include "store/file_system.h"
#include "text/chat_template.h"

// The file beside tokenizer.json that says a model was taught dialogues, and in which form. A model without it
// continues texts.
//
//   {"format": 1, "id": "plain", "template": "{% for message in messages %}..."}
namespace cllm {

inline constexpr int kChatTemplateFormat = 1;
inline constexpr const char* kChatTemplateFileName = "chat_template.json";

// The text of the file.
std::string ChatTemplateJson(const ChatTemplate& chat);

// Writes the file into an existing directory, whole or not at all.
Status SaveChatTemplate(const ChatTemplate& chat, FileSystem& files, const std::string& directory);

// The template that the file in `directory` names, or null where there is none. Error (BadInput): damaged, a newer
// format, or a template that this program does not know: what a file holds is compared, not executed.
Result<const ChatTemplate*> LoadChatTemplate(const std::string& directory);

}  // namespace cllm
