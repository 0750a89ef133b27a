#pragma once

#include <memory>
#include <string>
#include <vector>

#include "infer/decoding_thread.h"
#include "serve/answer_forms.h"
#include "serve/http.h"

namespace cllm {

// A call that is being decoded, and its client's exchange: brings what is decoded into the answer's form, at once or as
// server-sent events. Owns the call; keeps a reference to the model. On the server's thread.
class CompletionJob {
 public:
  // headers: of the answer.
  CompletionJob(CompletionCall call, const ServedModel& model, AnswerIdentity identity,
                std::shared_ptr<HttpExchange> exchange, std::vector<HttpHeader> headers);

  // The requests of the call: choice c of prompt p is number p * choices + c.
  std::vector<std::unique_ptr<Request>> MakeRequests() const;
  // Sends the head of a stream.
  void Begin();
  void OnEvent(DecodingEvent event);
  bool done() const { return open_ == 0; }
  // Ends the answer with an error: as its status, or as an event of a stream that has begun.
  void Fail(const ApiError& error);
  // A comment in a stream that said nothing since the last call, so that nobody on the way takes it for dead.
  void KeepAlive();

 private:
  struct Choice {
    explicit Choice(const Tokenizer& tokenizer) : text(tokenizer) {}
    ChoiceText text;
    ChatAnswer chat;
    bool echoed = false;
    uint64_t tokens = 0;
    FinishedChoice finished;  // its whole text grows while nothing is streamed
  };

  void Show(size_t index, ChoicePiece piece);
  void Echo(size_t index, std::vector<TokenScore> scores);
  void Finish(size_t index, Generated made);
  void End();
  void SendEvent(const JsonFields& fields);
  AnswerUsage Usage() const;

  const CompletionCall call_;
  const ServedModel& model_;
  const AnswerForms forms_;
  const std::shared_ptr<HttpExchange> exchange_;
  const std::vector<HttpHeader> headers_;
  std::vector<Choice> choices_;
  size_t open_;          // choices that are not finished
  bool begun_ = false;   // the stream's head is out
  bool spoke_ = false;   // since the last KeepAlive
};

}  // namespace cllm
