#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

// The plain chat template, the one place that knows how a dialogue is written as text: for training on dialogues
// (`train --chat`), for `cllm chat` and for the server.
//
//   system: Be short.
//   <empty line>
//   user: Where is it?
//   <empty line>
//   assistant: There.
//
// A message is its role, a colon, a space and its content without the white space around it; an empty line stands
// between messages. After what the assistant says comes the tokenizer's end token, in the middle of a dialogue too: so
// a model that was trained on dialogues says that its answer is over. What it learns of a dialogue are the assistant's
// contents, each with the space before it and the end token behind it; all else is context.
//
// Cut into pieces as below, a dialogue has the tokens of its text encoded at once, the end tokens aside.
namespace cllm {

// What a model's files say of how it was taught dialogues (chat_template_file.h). A plain value, one for each that
// exists.
struct ChatTemplate {
  std::string_view id;
  std::string_view jinja;  // the same in the language of other programs, for exports; never executed here
};
extern const ChatTemplate kPlainChat;

struct ChatMessage {
  std::string role;
  std::string content;
  bool operator==(const ChatMessage&) const = default;
};

inline constexpr std::string_view kSystemRole = "system";
inline constexpr std::string_view kUserRole = "user";
inline constexpr std::string_view kAssistantRole = "assistant";

// The role by its name here: "human" is user, "gpt", "bot", "model", "chatbot" and "ai" are assistant, "developer" is
// system, whatever their case; others stay as they are.
std::string ChatRole(std::string_view role);
// Whether a role can stand in the template: 1 to 64 bytes, no colon, no control character.
bool IsChatRole(std::string_view role);

// A part of a dialogue's text.
struct ChatPiece {
  std::string text;
  bool scored = false;     // the assistant's, which a model learns
  bool ends_turn = false;  // the end token follows, scored as well
  bool operator==(const ChatPiece&) const = default;
};

// A dialogue to learn from. REQUIRES, here and below: IsChatRole(role) of each message.
std::vector<ChatPiece> ChatDocument(std::span<const ChatMessage> messages);
// A dialogue that the assistant is to go on with. A last message of the assistant's is continued, from its last byte.
std::vector<ChatPiece> ChatPrompt(std::span<const ChatMessage> messages);

// The pieces as one text without end tokens: what a model that was never taught dialogues is given.
std::string ChatText(std::span<const ChatPiece> pieces);
// The begin token and the pieces with end tokens: what a model that was is given (Request's prompt in tokens).
std::vector<uint32_t> ChatTokens(std::span<const ChatPiece> pieces, const Tokenizer& tokenizer);

// Where an answer ends if the model does not say so: it begins the next message itself. For RequestOptions::stops.
inline constexpr std::array<std::string_view, 3> kChatStops = {"\n\nuser:", "\n\nsystem:", "\n\nassistant:"};

// An answer as it streams: without the space that the template has before a content. One worker only.
class ChatAnswer {
 public:
  // The next piece of the continuation, for the reader.
  std::string_view Next(std::string_view piece) {
    const bool first = !begun_ && !piece.empty();
    begun_ |= first;
    return first && piece.front() == ' ' ? piece.substr(1) : piece;
  }

 private:
  bool begun_ = false;
};

}  // namespace cllm
