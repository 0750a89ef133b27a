#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "infer/request.h"
#include "infer/request_batch.h"
#include "model/weights.h"
#include "spheres/spheres.h"
#include "text/chat_template.h"

namespace cllm {

// What an answer is made with.
struct Speech {
  const Weights& weights;
  const Tokenizer& tokenizer;
  const ChatTemplate* chat = nullptr;  // how the model was taught dialogues; null: it continues texts
  Spheres* pool = nullptr;             // null: the calling thread does it all
};

// What became of a turn.
struct Answer {
  FinishReason reason = FinishReason::kLength;
  bool interrupted = false;  // by the caller; `reason` is kStop then
  size_t tokens = 0;         // made
  double seconds = 0;        // from the first of them to the last
  size_t prompt_tokens = 0;
  size_t known_tokens = 0;   // of them, which had been read for the answer before
  size_t left = 0;           // messages that left the context before this answer, as many as that and no more
  size_t left_tokens = 0;    // tokens at the start of what remained that did not fit either
  bool full = false;         // the context became full on the way: the newest half of it was read again
};

// A dialogue that goes on: who said what, how much of it the model still sees, and the next answer.
//
// A model with a chat template sees the messages in it. One without sees one text: contents as they are, in turn. When
// the context would be full, the oldest messages leave it, a system message aside; they stay in messages(). Keeps
// references. Called by one thread, the pool's Node Zero.
class Conversation {
 public:
  explicit Conversation(const Speech& speech)
      : speech_(speech), batch_(speech.weights, speech.pool), cache_(speech.weights.shape()) {}

  // All that was said, and since when the model sees it: from message first_seen() on, beside a system message at the
  // front.
  const std::vector<ChatMessage>& messages() const { return messages_; }
  size_t first_seen() const { return first_; }
  // Begins anew with these.
  void Restart(std::vector<ChatMessage> messages);
  // The system message at the front; "" takes it away.
  void SetSystem(const std::string& content);
  std::string system() const;

  // Adds what the user says. Without a template it begins a line of the text; nothing adds nothing.
  void Say(std::string text);
  // Takes the last answer back. False: there is none at the end.
  bool TakeBack();
  // Whether the next answer goes on with one that is there.
  bool ends_with_answer() const;

  // Makes the next answer and adds it to the messages, or to the last one if that is an answer. `each` gets its text as
  // it comes, whole characters; `interrupted` is asked between tokens, also while the messages are read.
  Answer Reply(RequestOptions options, const std::function<void(std::string_view text)>& each,
               const std::function<bool()>& interrupted);

  // Tokens of the context that what is seen takes now.
  size_t ContextTokens() const { return Prompt(first_).size(); }
  size_t context() const { return speech_.weights.shape().context; }

 private:
  bool has_system() const { return !messages_.empty() && messages_.front().role == kSystemRole; }
  std::vector<uint32_t> Prompt(size_t first) const;
  // Messages that are to leave, so that there is room for so many tokens.
  size_t Leaving(size_t room) const;
  std::string Decode(Request& request, Answer& answer, const std::function<void(std::string_view text)>& each,
                     const std::function<bool()>& interrupted);

  const Speech speech_;
  RequestBatch batch_;
  std::vector<ChatMessage> messages_;
  size_t first_ = 0;  // that is seen, beside the system message
  // What the last answer's request had read: the next one begins with it, as far as that is the same.
  std::vector<uint32_t> read_;
  KeyValueCache cache_;
};

}  // namespace cllm
