#include "serve/completion_job.h"

#include <utility>

#include "base/system.h"

namespace cllm {

CompletionJob::CompletionJob(CompletionCall call, const ServedModel& model, AnswerIdentity identity,
                             std::shared_ptr<HttpExchange> exchange, std::vector<HttpHeader> headers)
    : call_(std::move(call)),
      model_(model),
      forms_(call_, model, std::move(identity)),
      exchange_(std::move(exchange)),
      headers_(std::move(headers)),
      choices_(call_.prompts.size() * call_.choices, Choice(model.tokenizer())),
      open_(choices_.size()) {
  const double now = MonotonicSeconds();
  for (size_t i = 0; i < choices_.size(); ++i) {
    choices_[i].finished.index = i;
    choices_[i].finished.times = {now, now, now};
  }
}

std::vector<std::unique_ptr<Request>> CompletionJob::MakeRequests() const {
  std::vector<std::unique_ptr<Request>> requests;
  for (const CallPrompt& prompt : call_.prompts) {
    RequestOptions options = call_.options;
    options.tokens = call_.TokensFor(prompt, model_.shape().context);
    for (size_t i = 0; i < call_.choices; ++i) {
      options.sampler.seed = call_.options.sampler.seed + i;
      requests.push_back(std::make_unique<Request>(model_.shape(), model_.tokenizer(), prompt.ids, options));
    }
  }
  return requests;
}

void CompletionJob::Begin() {
  if (!call_.stream) return;
  begun_ = true;
  HttpAnswer head{.content_type = "text/event-stream; charset=utf-8", .headers = headers_};
  head.headers.push_back({"Cache-Control", "no-cache, no-transform"});
  head.headers.push_back({"X-Accel-Buffering", "no"});
  exchange_->BeginStream(head);
  for (size_t i = 0; i < choices_.size(); ++i) {
    if (const auto first = forms_.FirstChunk(i)) SendEvent(*first);
  }
}

void CompletionJob::OnEvent(DecodingEvent event) {
  Choice& choice = choices_[event.request];
  if (event.finished) return Finish(event.request, *std::move(event.finished));
  Echo(event.request, std::move(event.prompt_scores));
  AnswerTimes& times = choice.finished.times;
  times.last = MonotonicSeconds();
  if (choice.tokens++ == 0) times.first = times.last;
  ChoicePiece piece = choice.text.Add(std::move(event.token), event.text);
  if (call_.trims_space) piece.text = choice.chat.Next(std::exchange(piece.text, ""));
  Show(event.request, std::move(piece));
}

void CompletionJob::Echo(size_t index, std::vector<TokenScore> scores) {
  Choice& choice = choices_[index];
  if (!call_.echo || std::exchange(choice.echoed, true)) return;
  const CallPrompt& prompt = call_.prompts[index / call_.choices];
  Show(index, choice.text.Echo(prompt.text, prompt.ids, std::move(scores)));
}

void CompletionJob::Show(size_t index, ChoicePiece piece) {
  if (!call_.logprobs && (call_.stream && call_.form != ApiForm::kNative)) piece.tokens.clear();
  if (piece.empty()) return;
  if (call_.stream) {
    SendEvent(forms_.TextChunk(index, piece));
  } else {
    choices_[index].finished.whole.Append(std::move(piece));
  }
}

void CompletionJob::Finish(size_t index, Generated made) {
  Choice& choice = choices_[index];
  Echo(index, std::move(made.prompt_scores));
  if (call_.logprobs) Show(index, choice.text.End(made.reason == FinishReason::kStop));
  choice.finished.reason = made.reason;
  choice.finished.ids = std::move(made.tokens);
  choice.finished.usage = {call_.prompts[index / call_.choices].ids.size(), choice.tokens};
  if (call_.stream) SendEvent(forms_.LastChunk(choice.finished));
  if (--open_ == 0) End();
}

AnswerUsage CompletionJob::Usage() const {
  AnswerUsage usage;
  for (const CallPrompt& prompt : call_.prompts) usage.prompt_tokens += prompt.ids.size();
  for (const Choice& choice : choices_) usage.completion_tokens += choice.tokens;
  return usage;
}

void CompletionJob::End() {
  if (!call_.stream) {
    std::vector<FinishedChoice> finished;
    for (Choice& choice : choices_) finished.push_back(std::move(choice.finished));
    exchange_->Answer({.headers = headers_, .body = forms_.Whole(finished, Usage()) + "\n"});
    return;
  }
  if (const auto usage = forms_.UsageChunk(Usage())) SendEvent(*usage);
  if (forms_.SaysDone()) exchange_->Send("data: [DONE]\n\n");
  exchange_->EndStream();
}

void CompletionJob::Fail(const ApiError& error) {
  if (begun_) {
    SendEvent(ErrorFields(error));
    exchange_->EndStream();
    return;
  }
  HttpAnswer answer = ErrorAnswer(error);
  answer.headers.insert(answer.headers.end(), headers_.begin(), headers_.end());
  exchange_->Answer(answer);
}

void CompletionJob::SendEvent(const JsonFields& fields) {
  spoke_ = true;
  exchange_->Send("data: " + WriteJson(fields) + "\n\n");
}

void CompletionJob::KeepAlive() {
  if (begun_ && !std::exchange(spoke_, false)) exchange_->Send(": ping\n\n");
}

}  // namespace cllm
