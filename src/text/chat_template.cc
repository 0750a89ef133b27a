#include "text/chat_template.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

constexpr std::string_view kBetween = "\n\n", kAfterRole = ":", kBeforeContent = " ";
constexpr std::string_view kWhite = " \t\r\n\v\f";
constexpr size_t kMaxRoleBytes = 64;

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kOtherNames = {{
    {"system", kSystemRole},
    {"developer", kSystemRole},
    {"user", kUserRole},
    {"human", kUserRole},
    {"assistant", kAssistantRole},
    {"gpt", kAssistantRole},
    {"bot", kAssistantRole},
    {"model", kAssistantRole},
    {"chatbot", kAssistantRole},
    {"ai", kAssistantRole},
}};

std::string_view WithoutWhiteBefore(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kWhite), text.size()));
}

std::string_view WithoutWhiteBehind(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kWhite) + 1);  // npos + 1 is 0
}

// The text of a message behind "role:".
std::string Content(std::string_view content) {
  return content.empty() ? "" : std::string(kBeforeContent).append(content);
}

// Appends to a piece of context, or begins one.
void AddContext(std::vector<ChatPiece>& pieces, std::string_view text) {
  if (pieces.empty() || pieces.back().scored) pieces.emplace_back();
  pieces.back().text += text;
}

void AddRole(std::vector<ChatPiece>& pieces, std::string_view role) {
  if (!pieces.empty()) AddContext(pieces, kBetween);
  AddContext(pieces, role);
  AddContext(pieces, kAfterRole);
}

void AddMessage(std::vector<ChatPiece>& pieces, const ChatMessage& message) {
  CHECK(IsChatRole(message.role));
  AddRole(pieces, message.role);
  const std::string content = Content(WithoutWhiteBehind(WithoutWhiteBefore(message.content)));
  if (message.role == kAssistantRole) {
    pieces.push_back({.text = content, .scored = true, .ends_turn = true});
  } else {
    AddContext(pieces, content);
  }
}

}  // namespace

const ChatTemplate kPlainChat = {
    .id = "plain",
    .jinja = "{% for message in messages %}{{ message['role'] }}:"
             "{% if message['content'] | trim %} {{ message['content'] | trim }}{% endif %}"
             "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
             "{% if not loop.last or add_generation_prompt %}{{ '\\n\\n' }}{% endif %}{% endfor %}"
             "{% if add_generation_prompt %}assistant:{% endif %}"};

std::string ChatRole(std::string_view role) {
  std::string lower(role);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const auto& [name, meaning] : kOtherNames) {
    if (lower == name) return std::string(meaning);
  }
  return std::string(role);
}

bool IsChatRole(std::string_view role) {
  return !role.empty() && role.size() <= kMaxRoleBytes && std::ranges::none_of(role, [](char c) {
    return c == ':' || (static_cast<unsigned char>(c) < 0x20) || c == 0x7f;
  });
}

std::vector<ChatPiece> ChatDocument(std::span<const ChatMessage> messages) {
  std::vector<ChatPiece> pieces;
  for (const ChatMessage& message : messages) AddMessage(pieces, message);
  return pieces;
}

std::vector<ChatPiece> ChatPrompt(std::span<const ChatMessage> messages) {
  std::vector<ChatPiece> pieces = ChatDocument(messages);
  if (!messages.empty() && messages.back().role == kAssistantRole) {
    // What it wrote so far stays to the last space.
    pieces.back() = {.text = Content(WithoutWhiteBefore(messages.back().content)), .scored = true};
  } else {
    AddRole(pieces, kAssistantRole);
  }
  return pieces;
}

std::string ChatText(std::span<const ChatPiece> pieces) {
  std::string text;
  for (const ChatPiece& piece : pieces) text += piece.text;
  return text;
}

std::vector<uint32_t> ChatTokens(std::span<const ChatPiece> pieces, const Tokenizer& tokenizer) {
  std::vector<uint32_t> tokens = {tokenizer.begin()};
  for (const ChatPiece& piece : pieces) {
    tokenizer.Encode(piece.text, tokens);
    if (piece.ends_turn) tokens.push_back(tokenizer.end());
  }
  return tokens;
}

}  // namespace cllm
