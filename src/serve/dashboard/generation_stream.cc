#include "serve/dashboard/generation_stream.h"

namespace cllm {

void GenerationStream::WatchClient() {
  exchange_->OnGone([gone = gone_] { gone->store(true, std::memory_order_relaxed); });
}

void GenerationStream::Send(const JsonFields& fields) {
  if (!begun_) {
    begun_ = true;
    exchange_->BeginStream({.content_type = "text/event-stream", .headers = headers_});
  }
  exchange_->Send("data: " + WriteJson(fields) + "\n\n");
}

void GenerationStream::Done(JsonFields fields) {
  fields.insert(fields.begin(), {"done", true});
  Send(fields);
  exchange_->EndStream();
}

void GenerationStream::Fail(int status, const std::string& sentence) {
  const ApiError error = StatusError(status, sentence);
  if (begun_) {
    Send(ErrorFields(error));
    return exchange_->EndStream();
  }
  HttpAnswer answer = ErrorAnswer(error);
  answer.headers.insert(answer.headers.end(), headers_.begin(), headers_.end());
  exchange_->Answer(answer);
}

}  // namespace cllm
