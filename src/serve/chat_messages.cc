#include "serve/chat_messages.h"

#include <fmt/format.h>

namespace cllm {
namespace {

void RefuseMessages(FieldReader& fields, size_t index, const std::string& what) {
  fields.Refuse({.message = fmt::format("'messages[{}]' {}", index, what),
                 .param = fmt::format("messages[{}]", index),
                 .code = "invalid_value"});
}

// The text of a part: {"type": "text", "text": "..."}, or the text itself.
const std::string* TextOfPart(const JsonValue& part) {
  if (const auto* text = std::get_if<std::string>(&part.content())) return text;
  const auto* fields = std::get_if<JsonFields>(&part.content());
  if (fields == nullptr) return nullptr;
  const FieldReader reader(*fields);
  const JsonValue* text = reader.Find("text");
  return text == nullptr ? nullptr : std::get_if<std::string>(&text->content());
}

std::string ReadContent(FieldReader& fields, size_t index, const FieldReader& message) {
  const JsonValue* content = message.Find("content");
  if (content == nullptr) return "";
  if (const auto* text = std::get_if<std::string>(&content->content())) return *text;
  std::string joined;
  const auto* parts = std::get_if<JsonArray>(&content->content());
  if (parts == nullptr) RefuseMessages(fields, index, "has a content that is neither a text nor an array of parts");
  for (const JsonValue& part : parts == nullptr ? JsonArray() : *parts) {
    const std::string* text = TextOfPart(part);
    if (text == nullptr) {
      RefuseMessages(
          fields, index,
          fmt::format("has {} in its content, expected parts {{\"type\": \"text\", \"text\": ...}}: this model "
                      "reads text only, no images, sounds or files",
                      ShortJson(part)));
      return "";
    }
    joined += *text;
  }
  return joined;
}

}  // namespace

std::vector<ChatMessage> ReadChatMessages(FieldReader& fields) {
  const JsonValue* value = fields.Find("messages");
  const auto* values = value == nullptr ? nullptr : std::get_if<JsonArray>(&value->content());
  if (values == nullptr || values->empty()) {
    fields.Refuse("messages", "an array with at least one message");
    return {};
  }
  std::vector<ChatMessage> messages;
  for (size_t i = 0; i < values->size(); ++i) {
    const auto* message = std::get_if<JsonFields>(&(*values)[i].content());
    if (message == nullptr) {
      RefuseMessages(fields, i, "is no object with role and content");
      return {};
    }
    FieldReader reader(*message);
    const std::string role = ChatRole(reader.Text("role", std::string(kUserRole)));
    if (reader.error() || !IsChatRole(role)) {
      RefuseMessages(fields, i, "has no role, expected one such as system, user or assistant");
      return {};
    }
    messages.push_back({role, ReadContent(fields, i, reader)});
  }
  return messages;
}

}  // namespace cllm
