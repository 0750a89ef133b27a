#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "corpus/json_surrogates.h"
#include "infer/decoder.h"
#include "loaders.h"
#include "serve/completion_job.h"

namespace cllm::fuzz {
namespace {

constexpr size_t kMostDecoded = 6;  // texts of a call; more take long and are the same

ServedModel MakeModel() {
  Parameters parameters(
      {.layers = 1, .heads = 1, .width = 8, .hidden = 8, .context = 24, .vocabulary = kByteVocabulary});
  InitializeParameters(1, parameters);
  return ServedModel({.name = "fuzz",
                      .stored = StoredInMemory(std::move(parameters)),
                      .tokenizer = Tokenizer::Bytes(),
                      .program = "fuzz"});
}

// Keeps what an answer consists of.
class Exchange final : public HttpExchange {
 public:
  const HttpRequest& request() const override { return request_; }
  void Answer(const HttpAnswer& answer) override {
    CHECK(!ended && answer.status == 200);
    ended = true;
    Check(answer.body);
  }
  void BeginStream(const HttpAnswer&) override {}
  void Send(std::string_view bytes) override {
    CHECK(!ended && bytes.starts_with("data: ") && bytes.ends_with("\n\n"));
    const std::string_view data = bytes.substr(6, bytes.size() - 8);
    CHECK(data.find('\n') == data.npos);
    if (data != "[DONE]") Check(data);
  }
  void EndStream() override { ended = true; }
  void OnSent(std::function<void()>) override {}
  void OnGone(std::function<void()>) override {}

  bool ended = false;

 private:
  static void Check(std::string_view json) {
    const std::string object = "{\"answer\": " + std::string(json) + "}";
    CHECK(JsonObject::Parse(object, "an answer").ok());
  }

  HttpRequest request_;
};

class Listener final : public DecodingListener {
 public:
  explicit Listener(CompletionJob& job) : job_(job) {}
  void OnToken(uint64_t job, size_t index, const Request& request, const GeneratedToken& token) override {
    DecodingEvent event{.job = job,
                        .request = index,
                        .token = {token.id, token.logprob, {token.best.begin(), token.best.end()}},
                        .text = std::string(token.text)};
    if (request.made() == 1) event.prompt_scores = request.result().prompt_scores;
    job_.OnEvent(std::move(event));
  }
  void OnFinished(uint64_t job, size_t index, Generated result) override {
    job_.OnEvent({.job = job, .request = index, .finished = std::move(result)});
  }

 private:
  CompletionJob& job_;
};

// Decodes the call to its end.
void Use(CompletionCall call, const ServedModel& model) {
  if (call.prompts.size() * call.choices > kMostDecoded) return;
  const auto exchange = std::make_shared<Exchange>();
  CompletionJob job(std::move(call), model, {.id = "cmpl-1", .created = 1}, exchange, {});
  const Weights* weights[] = {&model.weights()};
  Decoder decoder(weights, nullptr, {});
  Listener listener(job);
  job.Begin();
  decoder.Submit({.id = 1, .requests = job.MakeRequests()});
  while (decoder.busy()) decoder.Step(listener);
  CHECK(job.done() && exchange->ended);
}

}  // namespace

Status LoadCall(ByteView bytes) {
  static const ServedModel model = MakeModel();
  std::string changed;
  CLLM_ASSIGN(const JsonObject object, JsonObject::Parse(ReplaceLoneSurrogates(AsText(bytes), changed), "fuzz"));
  Status refused;
  for (const ApiForm form : {ApiForm::kCompletion, ApiForm::kChat, ApiForm::kNative}) {
    CompletionCall call;
    if (const auto error = ReadCompletionCall(form, object.fields(), model, call)) {
      CHECK(error->status == 400 && !error->message.empty() && !error->param.empty());
      if (form != ApiForm::kChat || object.Find("messages") != nullptr) refused = BadInput(error->message);
    } else {
      Use(std::move(call), model);
    }
  }
  return refused;
}

}  // namespace cllm::fuzz
