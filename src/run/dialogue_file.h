#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "store/file_system.h"
#include "text/chat_template.h"

// A dialogue in a file: a line of .jsonl, {"messages": [{"role": "user", "content": "Hi"}, ...]}, which `train --chat`
// takes as it is.
namespace cllm {

// Writes a dialogue, whole or not at all. A saved dialogue is replaced; any other file that is there stays. Error
// (BadInput): there is one; Failed: it cannot be written. Bytes that are no UTF-8 become U+FFFD.
Status SaveDialogue(const std::vector<ChatMessage>& messages, FileSystem& files, const std::string& path);

// Reads one. Error (BadInput): names the path, what was expected and what was found; also more dialogues than one.
Result<std::vector<ChatMessage>> LoadDialogue(const std::string& path);

}  // namespace cllm
