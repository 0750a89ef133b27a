#pragma once

#include <vector>

#include "serve/field_reader.h"
#include "text/chat_template.h"

namespace cllm {

// Reads `messages`: any order of roles; content as a text, an array of parts of kind text, null or absent. Refused:
// none at all, images and other parts that are no text, a role that cannot be written.
std::vector<ChatMessage> ReadChatMessages(FieldReader& fields);

}  // namespace cllm
