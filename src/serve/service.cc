#include "serve/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <utility>

#include "base/random.h"
#include "corpus/json_surrogates.h"
#include "serve/page_files.h"
#include "serve/paths.h"
#include "serve/tokenizer_calls.h"

namespace cllm {
namespace {

constexpr std::string_view kOneModel = "/models/";

uint64_t RandomKey() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

struct Service::Visit {
  const std::shared_ptr<HttpExchange>& exchange;
  std::string path = "";
  std::vector<HttpHeader> headers = {};  // of the answer
  std::optional<JsonObject> body = {};
  size_t model = 0;

  const HttpRequest& request() const { return exchange->request(); }
};

struct Service::Endpoint {
  std::string_view path;
  bool posts;      // POST, else GET and HEAD
  bool is_public;  // without a key
  void (*answer)(Service& service, Visit& visit);
};

const std::vector<Service::Endpoint>& Service::Endpoints() {
  static const std::vector<Endpoint> endpoints = {
      {"/", false, true, [](Service& s, Visit& v) { s.Page(v); }},
      {"/help", false, true, [](Service& s, Visit& v) { s.Help(v); }},
      {"/health", false, true, [](Service& s, Visit& v) { s.Health(v); }},
      {"/metrics", false, false, [](Service& s, Visit& v) { s.Metrics(v); }},
      {"/models", false, false, [](Service& s, Visit& v) { s.Answer(v, JsonAnswer(s.models_.DescribeAll())); }},
      {"/tokenizer_info", false, false,
       [](Service& s, Visit& v) {
         if (s.FindModel(v, s.QueryModel(v))) s.Answer(v, JsonAnswer(TokenizerInfo(s.models_[v.model])));
       }},
      {"/props", false, false,
       [](Service& s, Visit& v) {
         if (!s.FindModel(v, s.QueryModel(v))) return;
         s.Answer(v, JsonAnswer(Properties(s.models_[v.model], s.options_.decoder.requests, s.options_.program)));
       }},
      {"/tokenize", true, false,
       [](Service& s, Visit& v) {
         if (!s.ReadBody(v)) return;
         FieldReader fields(v.body->fields());
         s.Answer(v, Tokenize(fields, s.models_[v.model]));
       }},
      {"/detokenize", true, false,
       [](Service& s, Visit& v) {
         if (!s.ReadBody(v)) return;
         FieldReader fields(v.body->fields());
         s.Answer(v, Detokenize(fields, s.models_[v.model]));
       }},
      {"/apply-template", true, false,
       [](Service& s, Visit& v) {
         if (!s.ReadBody(v)) return;
         FieldReader fields(v.body->fields());
         s.Answer(v, ApplyTemplate(fields, s.models_[v.model]));
       }},
      {"/completions", true, false, [](Service& s, Visit& v) { s.Complete(v, ApiForm::kCompletion); }},
      {"/chat/completions", true, false, [](Service& s, Visit& v) { s.Complete(v, ApiForm::kChat); }},
      {"/completion", true, false, [](Service& s, Visit& v) { s.Complete(v, ApiForm::kNative); }},
      {"/embeddings", true, false,
       [](Service& s, Visit& v) {
         s.Refuse(v, StatusError(404, "this server makes no embeddings: its models continue texts"));
       }},
  };
  return endpoints;
}

Service::Service(const ModelList& models, const ModelServerOptions& options, Decoding decoding, std::string base_url)
    : models_(models),
      options_(options),
      access_(options.access),
      decoding_(std::move(decoding)),
      base_url_(std::move(base_url)),
      id_key_(RandomKey()),
      told_plain_chat_(models.size(), false) {}

void Service::Handle(const std::shared_ptr<HttpExchange>& exchange, size_t connections) {
  counts_.connections = connections;
  Visit visit{.exchange = exchange};
  visit.headers = access_.Headers(exchange->request());
  visit.headers.push_back({"X-Request-Id", NewId("req")});
  visit.headers.push_back({"Cache-Control", "no-store"});
  visit.path = NormalPath(exchange->request().target);
  if (exchange->request().method == "OPTIONS") {
    ++counts_.answers[204];
    return exchange->Answer(access_.Preflight(exchange->request()));
  }
  if (const auto refused = access_.RefusesOrigin(exchange->request())) return Refuse(visit, *refused);
  Route(visit);
}

void Service::Route(Visit& visit) {
  const bool one_model = visit.path.starts_with(kOneModel), page = FindPageFile(visit.path, kPlaygroundPage) != nullptr;
  const auto endpoint = std::ranges::find_if(Endpoints(), [&](const Endpoint& each) {
    return each.path == (one_model ? std::string_view("/models") : page ? "/" : std::string_view(visit.path));
  });
  const bool found = endpoint != Endpoints().end();
  if (!found || !endpoint->is_public) {
    if (const auto refused = access_.RefusesKey(visit.request())) return Refuse(visit, *refused);
  }
  if (!found) {
    return Refuse(visit, StatusError(404, fmt::format("nothing is at '{}'; the base URL is {} and has completions, "
                                                      "chat/completions and models",
                                                      visit.path.substr(0, 200), base_url_)));
  }
  const std::string& method = visit.request().method;
  const bool right = endpoint->posts ? method == "POST" : method == "GET" || method == "HEAD";
  if (!right) {
    const char* allowed = endpoint->posts ? "POST" : "GET, HEAD";
    visit.headers.push_back({"Allow", fmt::format("{}, OPTIONS", allowed)});
    return Refuse(visit,
                  StatusError(405, fmt::format("{} takes {}, not {}", visit.path, allowed, method.substr(0, 20))));
  }
  if (one_model) return OneModel(visit);
  endpoint->answer(*this, visit);
}

void Service::Answer(const Visit& visit, HttpAnswer answer) {
  answer.headers.insert(answer.headers.end(), visit.headers.begin(), visit.headers.end());
  ++counts_.answers[answer.status];
  visit.exchange->Answer(answer);
}

std::string Service::NewId(const char* prefix) {
  const uint64_t number = ++ids_;
  return fmt::format("{}-{:016x}{:08x}", prefix, RandomBits(id_key_, number), number & 0xffffffffu);
}

bool Service::FindModel(Visit& visit, const std::string& name) {
  ApiError error;
  const auto index = models_.Named(name, error);
  if (!index) Refuse(visit, error);
  visit.model = index.value_or(0);
  return index.has_value();
}

// "book-1" of "/props?model=book-1".
std::string Service::QueryModel(const Visit& visit) const {
  const std::string& target = visit.request().target;
  const size_t begin = target.find('?');
  if (begin == target.npos) return "";
  const std::string_view query = std::string_view(target).substr(begin + 1);
  constexpr std::string_view kName = "model=";
  const size_t at = query.starts_with(kName) ? 0 : query.find("&model=");
  if (at == query.npos) return "";
  const std::string_view value = query.substr(at + kName.size() + (at == 0 ? 0 : 1));
  std::string path = "/";  // decoded as one
  path += value.substr(0, value.find('&'));
  return NormalPath(path).substr(1);
}

bool Service::ReadBody(Visit& visit) {
  std::string changed;
  Result<JsonObject> parsed = JsonObject::Parse(ReplaceLoneSurrogates(visit.request().body, changed), "the request");
  if (!parsed.ok()) {
    Refuse(visit, {.message = parsed.status().message(), .code = "invalid_json"});
    return false;
  }
  visit.body = *std::move(parsed);
  FieldReader fields(visit.body->fields());
  const std::string name = fields.Text("model", "");
  if (!fields.error()) return FindModel(visit, name);
  Refuse(visit, *fields.error());
  return false;
}

void Service::Complete(Visit& visit, ApiForm form) {
  if (!ReadBody(visit)) return;
  const ServedModel& model = models_[visit.model];
  CompletionCall call;
  if (const auto error = ReadCompletionCall(form, visit.body->fields(), model, call)) return Refuse(visit, *error);
  if (closing_) return Refuse(visit, StatusError(503, "the server is being stopped"));
  if (jobs_.size() >= options_.decoder.requests + options_.waiting) {
    return Refuse(visit, StatusError(429, fmt::format("{} calls are being answered or wait; try again",
                                                      jobs_.size())));
  }
  if (form == ApiForm::kChat) TellOfPlainChat(model);
  Submit(next_job_++, std::move(call), visit);
}

void Service::Submit(uint64_t id, CompletionCall call, const Visit& visit) {
  const char* prefix = call.form == ApiForm::kChat ? "chatcmpl" : "cmpl";
  AnswerIdentity identity{.id = NewId(prefix), .created = static_cast<int64_t>(std::time(nullptr))};
  auto job = std::make_unique<CompletionJob>(std::move(call), models_[visit.model], std::move(identity),
                                             visit.exchange, visit.headers);
  DecodingJob decoding{.id = id, .model = visit.model, .requests = job->MakeRequests()};
  visit.exchange->OnGone([this, id] {
    if (jobs_.erase(id) == 0) return;
    ++counts_.cancelled;
    decoding_.cancel(id);
  });
  ++counts_.answers[200];
  job->Begin();
  jobs_.emplace(id, std::move(job));
  decoding_.submit(std::move(decoding));
}

// A job that is not there any more was cancelled.
void Service::OnEvents(std::vector<DecodingEvent> events) {
  for (DecodingEvent& event : events) {
    const auto job = jobs_.find(event.job);
    if (job == jobs_.end()) continue;
    job->second->OnEvent(std::move(event));
    if (job->second->done()) jobs_.erase(job);
  }
}

void Service::KeepAlive() {
  for (const auto& [id, job] : jobs_) job->KeepAlive();
}

void Service::CutCalls() {
  for (const auto& [id, job] : jobs_) {
    decoding_.cancel(id);
    job->Fail(StatusError(503, "the server was stopped before this answer's end"));
  }
  jobs_.clear();
}

void Service::TellOfPlainChat(const ServedModel& model) {
  for (size_t i = 0; i < models_.size(); ++i) {
    if (&models_[i] != &model || model.chat() != nullptr || told_plain_chat_[i]) continue;
    told_plain_chat_[i] = true;
    if (options_.tell) {
      options_.tell(
          fmt::format("'{}' was never taught dialogues: for chats it continues a text of the form \"user: ... "
                      "assistant:\"; `cllm train --chat` teaches them",
                      model.name()));
    }
  }
}

void Service::Health(Visit& visit) {
  if (closing_) return Refuse(visit, StatusError(503, "the server is being stopped"));
  Answer(visit, JsonAnswer({{"status", "ok"}}));
}

void Service::Metrics(Visit& visit) {
  counts_.calls = jobs_.size();
  Answer(visit, {.content_type = "text/plain; version=0.0.4; charset=utf-8",
                 .body = MetricsText(counts_, decoding_.statistics())});
}

void Service::OneModel(Visit& visit) {
  const std::string name = visit.path.substr(kOneModel.size());
  for (size_t i = 0; i < models_.size(); ++i) {
    if (models_[i].name() == name) return Answer(visit, JsonAnswer(models_.Describe(i)));
  }
  ApiError error = StatusError(404, fmt::format("the model '{}' is not served here", name.substr(0, 200)));
  error.code = "model_not_found";
  Refuse(visit, error);
}

void Service::Page(Visit& visit) {
  std::erase_if(visit.headers, [](const HttpHeader& header) { return header.name == "Cache-Control"; });
  Answer(visit, PageAnswer(*FindPageFile(visit.path, kPlaygroundPage), visit.request()));
}

void Service::Help(Visit& visit) {
  std::string text = fmt::format("{}\n\nBase URL for clients of OpenAI's API: {}\n\n", options_.program, base_url_);
  for (const Endpoint& endpoint : Endpoints()) {
    if (endpoint.path == "/embeddings") continue;
    const bool versioned = endpoint.path == "/completions" || endpoint.path == "/chat/completions" ||
                           endpoint.path == "/models";
    text += fmt::format("{:<5} {}{}{}\n", endpoint.posts ? "POST" : "GET", versioned ? "/v1" : "", endpoint.path,
                        endpoint.path == "/"         ? "  the page, for a browser"
                        : endpoint.path == "/models" ? "[/NAME]"
                                                     : "");
  }
  text += "\nModels:";
  for (size_t i = 0; i < models_.size(); ++i) text.append(" ").append(models_[i].name());
  Answer(visit, {.content_type = "text/plain; charset=utf-8", .body = text + "\n"});
}

}  // namespace cllm
