#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/chat_template.h"

namespace cllm {

// The longest line of a .jsonl file: a line is parsed in memory.
inline constexpr size_t kMaxJsonLineBytes = size_t{1} << 24;
// The deepest nesting of arrays and objects in it.
inline constexpr size_t kMaxJsonLineDepth = 64;

// What a line holds: a text, or a list of messages with their roles as they stand ("" where a message has none).
struct JsonLine {
  std::string text = {};
  std::vector<ChatMessage> messages = {};
  bool is_list = false;

  // As one text. A list reads
  //   user: Where is it?
  //   <empty line>
  //   assistant: There.
  std::string Text() const;
};

// What is in `field` of the JSON object `line`: a key of the object as it stands, else keys within keys ("data.text").
// Its value is a string, or a list of messages: strings, or objects with their text in "content" (or "value", "text"; a
// string, or parts with a "text") and who says it in "role" (or "from"); those without a text are left out.
// Where the field is "text" and the object has none, "messages" or "conversations" is read instead. Lone surrogates are
// U+FFFD. Error (kBadInput), to follow the place of the line: no JSON (with the byte where), no object, nested too
// deep, the field absent (and which ones are there), twice there, or of another kind.
Result<JsonLine> ReadJsonLine(std::string_view line, const std::string& field);

// Gives the roles of messages their names in the chat template (ChatRole). Error (kBadInput), as above: one that has
// none, or cannot have it.
Status NameRoles(std::vector<ChatMessage>& messages);

}  // namespace cllm
