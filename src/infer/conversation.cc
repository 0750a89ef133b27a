#include "infer/conversation.h"

#include <algorithm>
#include <utility>

#include "base/system.h"

namespace cllm {
namespace {

// Of the context, kept free for an answer.
constexpr size_t kShareForAnswer = 4;

}  // namespace

void Conversation::Restart(std::vector<ChatMessage> messages) {
  messages_ = std::move(messages);
  first_ = has_system() ? 1 : 0;
}

void Conversation::SetSystem(const std::string& content) {
  if (has_system()) messages_.erase(messages_.begin()), --first_;
  if (content.empty()) return;
  messages_.insert(messages_.begin(), {std::string(kSystemRole), content});
  ++first_;
}

std::string Conversation::system() const { return has_system() ? messages_.front().content : ""; }

void Conversation::Say(std::string text) {
  if (speech_.chat == nullptr) {
    if (text.empty()) return;
    if (!messages_.empty() && !messages_.back().content.ends_with('\n')) text.insert(text.begin(), '\n');
  }
  messages_.push_back({std::string(kUserRole), std::move(text)});
}

bool Conversation::ends_with_answer() const {
  return !messages_.empty() && messages_.back().role == kAssistantRole;
}

bool Conversation::TakeBack() {
  if (!ends_with_answer()) return false;
  messages_.pop_back();
  first_ = std::min(first_, messages_.size());
  return true;
}

std::vector<uint32_t> Conversation::Prompt(size_t first) const {
  std::vector<ChatMessage> seen;
  if (has_system()) seen.push_back(messages_.front());
  seen.insert(seen.end(), messages_.begin() + static_cast<ptrdiff_t>(first), messages_.end());
  if (speech_.chat != nullptr) return ChatTokens(ChatPrompt(seen), speech_.tokenizer);
  std::string text;
  for (const ChatMessage& message : seen) text += message.content;
  std::vector<uint32_t> tokens = {speech_.tokenizer.begin()};
  speech_.tokenizer.Encode(text, tokens);
  return tokens;
}

size_t Conversation::Leaving(size_t room) const {
  size_t first = first_;
  // What the user said last stays, and with it an answer that is gone on with.
  const auto last =
      std::find_if(messages_.rbegin(), messages_.rend(), [](const auto& m) { return m.role == kUserRole; });
  const size_t stays = last == messages_.rend() ? first : static_cast<size_t>(messages_.rend() - last) - 1;
  while (first < stays && Prompt(first).size() + room > context()) {
    // A turn leaves as a whole: what is left begins with the user.
    do ++first;
    while (first < stays && messages_[first].role != kUserRole);
  }
  return first - first_;
}

Answer Conversation::Reply(RequestOptions options, const std::function<void(std::string_view text)>& each,
                           const std::function<bool()>& interrupted) {
  Answer answer;
  answer.left = Leaving(std::min(options.tokens, std::max<size_t>(1, context() / kShareForAnswer)));
  first_ += answer.left;
  if (speech_.chat != nullptr) options.stops.insert(options.stops.end(), kChatStops.begin(), kChatStops.end());
  std::vector<uint32_t> prompt = Prompt(first_);
  answer.prompt_tokens = prompt.size();
  Request request(speech_.weights.shape(), speech_.tokenizer, std::move(prompt), options);
  answer.left_tokens = request.prompt_left_out();
  answer.known_tokens = request.TakeBeginning(read_, cache_);
  std::string text = Decode(request, answer, each, interrupted);
  read_.assign(request.cached().begin(), request.cached().end());
  cache_ = request.cache();
  // The last token that was made is not read.
  answer.full = answer.prompt_tokens - answer.left_tokens + answer.tokens > context() + 1;
  if (ends_with_answer()) {
    messages_.back().content += text;
  } else {
    messages_.push_back({std::string(kAssistantRole), std::move(text)});
  }
  return answer;
}

std::string Conversation::Decode(Request& request, Answer& answer,
                                 const std::function<void(std::string_view text)>& each,
                                 const std::function<bool()>& interrupted) {
  ChatAnswer begun;
  // An answer that is gone on with has the template's space behind it.
  const bool begins = speech_.chat != nullptr && (!ends_with_answer() || messages_.back().content.empty());
  std::string all;
  size_t told = 0;  // bytes of the continuation
  const auto tell = [&](std::string_view piece) {
    told += piece.size();
    const std::string_view text = begins ? begun.Next(piece) : piece;
    all += text;
    if (!text.empty()) each(text);
  };
  double first_token = 0;
  if (!request.finished()) batch_.Add(request);
  while (batch_.size() > 0) {
    if (interrupted()) {
      request.Stop();
      batch_.Remove(request);
      answer.interrupted = true;
      break;
    }
    batch_.Step([&](Request&, const GeneratedToken& token) {
      if (first_token == 0) first_token = MonotonicSeconds();
      tell(token.text);
    });
  }
  const Generated& made = request.result();
  tell(std::string_view(made.text).substr(told));  // held back for what could have become a stop string
  if (first_token != 0) answer.seconds = MonotonicSeconds() - first_token;
  answer.reason = made.reason;
  answer.tokens = made.tokens.size();
  return all;
}

}  // namespace cllm
