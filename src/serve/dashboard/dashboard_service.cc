#include "serve/dashboard/dashboard_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "base/file_descriptor.h"
#include "base/system.h"
#include "corpus/cache_directory.h"
#include "history/history_csv.h"
#include "serve/api_error.h"
#include "serve/dashboard/generation_stream.h"
#include "serve/field_reader.h"
#include "serve/page_files.h"

namespace cllm {
namespace {

constexpr int kComputeNiceness = 19;
constexpr size_t kMostWaiting = 512;      // requests for the reader
constexpr size_t kMostGenerations = 8;    // that run or wait
constexpr size_t kPieceOfFile = size_t{256} << 10;
constexpr size_t kShownPath = 200;
constexpr std::string_view kTokenPlace = "<meta name=\"cllm-token\" content=\"\">";

// 32 hexadecimal digits that nobody can guess.
std::string RandomToken() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

int StatusOfFailure(const Status& status) { return status.code() == Code::kNoResources ? 503 : 409; }

// Pushes a file as it is; what is appended meanwhile may be in it or not.
Status PushFile(const std::string& path, Download& download, const std::stop_token& stop) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return Failed("it cannot be opened");
  std::string piece(kPieceOfFile, '\0');
  for (;;) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0) return Failed("it cannot be read");
    if (got == 0) return {};
    CLLM_TRY(download.Push(std::string_view(piece).substr(0, static_cast<size_t>(got)), stop));
  }
}

Status PushCsv(const std::string& log, const std::vector<std::string>& names, Download& download,
               const std::stop_token& stop) {
  CLLM_ASSIGN(const RunHistory history, ReadRunHistory(log, {.cache = DefaultCacheDirectory()}));
  return WriteCsv(history, names, [&](std::string_view piece) { return download.Push(piece, stop); });
}

// How a prompt is to be continued; the fields and defaults of the playground's.
std::optional<ApiError> ReadPrompt(const JsonObject& body, ModelReader::Prompt& prompt) {
  constexpr int64_t kMostNewTokens = 100'000, kMostCandidates = 1'000'000;
  constexpr double kHottest = 100;
  FieldReader fields(body.fields());
  SamplerOptions& sampler = prompt.options.sampler;
  prompt.text = fields.Text("prompt", "");
  prompt.options.tokens = static_cast<size_t>(fields.Whole("max_tokens", 1, kMostNewTokens, 200));
  sampler.temperature = fields.Real("temperature", 0, kHottest, sampler.temperature);
  sampler.top_k = static_cast<size_t>(fields.Whole("top_k", 0, kMostCandidates, static_cast<int64_t>(sampler.top_k)));
  sampler.top_p = fields.Real("top_p", 0, 1, sampler.top_p);
  sampler.min_p = fields.Real("min_p", 0, 1, sampler.min_p);
  sampler.seed = fields.Seed("seed", sampler.seed);
  if (fields.error()) return fields.error();
  if (const Status valid = Validate(sampler); !valid.ok()) return ApiError{.message = valid.message()};
  return std::nullopt;
}

std::string_view NameOfReason(FinishReason reason) {
  switch (reason) {
    case FinishReason::kLength: return "length";
    case FinishReason::kStop: return "stop";
    case FinishReason::kEnd: return "end";
  }
  return "";
}

}  // namespace

struct DashboardService::Visit {
  std::shared_ptr<HttpExchange> exchange;
  DashboardTarget target;
  std::vector<HttpHeader> headers = {{"Cache-Control", "no-store"}};  // of the answer

  const HttpRequest& request() const { return exchange->request(); }
  const std::string& run() const { return target.api[1]; }
};

// What lies behind api/runs/ID/.
struct DashboardService::Endpoint {
  std::string_view name;
  bool posts;  // POST with the page's token, else GET and HEAD
  void (*answer)(DashboardService& service, const Visit& visit);
};

const std::vector<DashboardService::Endpoint>& DashboardService::Endpoints() {
  const auto ask = [](DashboardService& s, const Visit& v) {
    s.OnReader(v, [id = v.run(), what = v.target.api[2]](RunReader& reader) { return reader.Ask(id, what); });
  };
  static const std::vector<Endpoint> endpoints = {
      {"curves", false,
       [](DashboardService& s, const Visit& v) {
         s.OnReader(v, [id = v.run(), target = v.target](RunReader& reader) { return reader.Curves(id, target); });
       }},
      {"curves.csv", false, [](DashboardService& s, const Visit& v) { s.Csv(v); }},
      {"log", false, [](DashboardService& s, const Visit& v) { s.Log(v); }},
      {"events", false, [](DashboardService& s, const Visit& v) { s.Follow(v); }},
      {"samples", false, [](DashboardService& s, const Visit& v) { s.Samples(v); }},
      {"spheres", false,
       [](DashboardService& s, const Visit& v) {
         s.OnReader(v, [id = v.run()](RunReader& reader) { return reader.Spheres(id); });
       }},
      {"lattice", false, [](DashboardService& s, const Visit& v) { s.Lattice(v); }},
      {"save", true, ask},
      {"stop", true, ask},
      {"sample", true, ask},
      {"generate", true, [](DashboardService& s, const Visit& v) { s.Generate(v); }},
  };
  return endpoints;
}

DashboardService::DashboardService(const DashboardOptions& options, Post post, std::string url, uint16_t port)
    : options_(options),
      post_(std::move(post)),
      url_(std::move(url)),
      port_(port),
      access_({.loopback = true, .origin_advice = ""}),
      token_(RandomToken()),
      runs_(options.places, options.called),
      run_work_(options.niceness),
      token_work_(kComputeNiceness),
      model_work_(kComputeNiceness) {
  for (auto& work : download_work_) work = std::make_unique<WorkQueue>(options.niceness);
}

DashboardService::~DashboardService() = default;

void DashboardService::AddLive(std::shared_ptr<LiveRun> live) {
  run_work_.Add([this, live = std::move(live)](const std::stop_token&) { runs_.AddLive(live); });
}

void DashboardService::AddPlace(const std::string& place) {
  run_work_.Add([this, place](const std::stop_token&) { runs_.AddPlace(place); });
}

void DashboardService::Answer(const Visit& visit, HttpAnswer answer) {
  answer.headers.insert(answer.headers.end(), visit.headers.begin(), visit.headers.end());
  visit.exchange->Answer(answer);
}

void DashboardService::Refuse(const Visit& visit, int status, const std::string& sentence) {
  Answer(visit, ErrorAnswer(StatusError(status, sentence)));
}

void DashboardService::Handle(const std::shared_ptr<HttpExchange>& exchange) {
  const Visit visit{.exchange = exchange, .target = DashboardTarget::Of(exchange->request().target)};
  if (exchange->request().method == "OPTIONS") return exchange->Answer(access_.Preflight(exchange->request()));
  if (const auto refused = access_.RefusesOrigin(exchange->request())) return Answer(visit, ErrorAnswer(*refused));
  Route(visit);
}

void DashboardService::Route(const Visit& visit) {
  const std::vector<std::string>& api = visit.target.api;
  const std::string& method = visit.request().method;
  const auto endpoint = api.size() < 3 ? Endpoints().end() : std::ranges::find(Endpoints(), api[2], &Endpoint::name);
  const bool posts = endpoint != Endpoints().end() && endpoint->posts;
  const bool one_token = api.size() == 4 && api[2] == "lattice";
  if (api.size() > 2 && (endpoint == Endpoints().end() || (api.size() > 3 && !one_token))) {
    return Refuse(visit, 404, fmt::format("a run has nothing that is called '{}'", api.back().substr(0, kShownPath)));
  }
  if (posts ? method != "POST" : method != "GET" && method != "HEAD") {
    Visit refused = visit;
    refused.headers.push_back({"Allow", posts ? "POST" : "GET, HEAD"});
    return Refuse(refused, 405, fmt::format("this takes {}, not {}", posts ? "POST" : "GET", method.substr(0, 20)));
  }
  if (posts) {
    const std::string* token = visit.request().Header("X-Cllm-Token");
    if (token == nullptr || !EqualInConstantTime(*token, token_)) {
      return Refuse(visit, 403, "this needs the token that stands in the dashboard's own page; reload the page");
    }
  }
  if (api.empty()) return Page(visit);
  if (api[0] == "server") return Server(visit);
  if (api.size() == 1) return OnReader(visit, [](RunReader& reader) { return reader.List(); });
  if (api.size() == 2) return OnReader(visit, [id = api[1]](RunReader& reader) { return reader.Details(id); });
  endpoint->answer(*this, visit);
}

void DashboardService::Page(const Visit& visit) {
  const PageFile* file = FindPageFile(visit.target.file, kDashboardPage);
  if (file == nullptr) {
    return Refuse(
        visit, 404,
        fmt::format("nothing is at '{}'; the dashboard is at {}", visit.target.file.substr(0, kShownPath), url_));
  }
  if (file->path != kDashboardPage) return visit.exchange->Answer(PageAnswer(*file, visit.request()));
  visit.exchange->Answer(
      FilledPageAnswer(*file, kTokenPlace, fmt::format("<meta name=\"cllm-token\" content=\"{}\">", token_)));
}

void DashboardService::Server(const Visit& visit) {
  Answer(visit, JsonAnswer({{"program", options_.program},
                            {"host", HostName()},
                            {"pid", int{getpid()}},
                            {"url", url_},
                            {"ssh", TunnelCommand(port_)}}));
}

void DashboardService::OnReader(const Visit& visit, Read read) {
  if (run_work_.size() > kMostWaiting) return Refuse(visit, 503, "too many requests wait; try again");
  run_work_.Add([this, visit, read = std::move(read)](const std::stop_token&) mutable {
    post_([this, visit = std::move(visit), answer = read(runs_)] { Answer(visit, answer); });
  });
}

void DashboardService::OnTokens(const Visit& visit,
                                std::function<HttpAnswer(TokenReader& reader, const RunSource& run)> read) {
  if (token_work_.size() > kMostWaiting) return Refuse(visit, 503, "too many requests wait; try again");
  run_work_.Add([this, visit, read = std::move(read)](const std::stop_token&) mutable {
    post_([this, visit = std::move(visit), read = std::move(read), run = runs_.Source(visit.run())]() mutable {
      if (!run.ok()) return Refuse(visit, 404, run.status().message());
      token_work_.Add(
          [this, visit = std::move(visit), read = std::move(read), run = *run](const std::stop_token&) mutable {
            post_([this, visit = std::move(visit), answer = read(tokens_, run)] { Answer(visit, answer); });
          });
    });
  });
}

void DashboardService::Follow(const Visit& visit) {
  run_work_.Add([this, visit](const std::stop_token&) mutable {
    post_([this, visit = std::move(visit), newest = runs_.Newest(visit.run())] {
      if (!newest.ok()) return Refuse(visit, 404, newest.status().message());
      feeds_.Add(visit.run(), visit.exchange, visit.headers);
      for (const RunReader::Event& event : *newest) feeds_.Tell(visit.exchange, event.kind, event.json);
      Poll();  // from here on what comes to the log is heard
    });
  });
}

void DashboardService::Poll(std::function<void()> then) {
  const std::vector<std::string> followed = feeds_.runs();
  const bool needless = followed.empty() && !followed_before_;
  if ((polling_ || needless) && !then) return;
  followed_before_ = !followed.empty();
  polling_ = true;
  run_work_.Add([this, followed, then = std::move(then)](const std::stop_token&) {
    post_([this, then, news = runs_.Poll(followed)] {
      polling_ = false;
      for (const RunReader::Event& event : news.events) feeds_.Publish(event.run, event.kind, event.json);
      for (const std::string& run : news.gone) feeds_.End(run);
      if (then) then();
    });
  });
}

void DashboardService::Samples(const Visit& visit) {
  if (run_work_.size() > kMostWaiting) return Refuse(visit, 503, "too many requests wait; try again");
  run_work_.Add([this, visit](const std::stop_token&) mutable {
    std::vector<std::string> unknown;
    HttpAnswer answer = runs_.Samples(visit.run(), unknown);
    post_([this, visit = std::move(visit), answer = std::move(answer), unknown = std::move(unknown)]() mutable {
      const std::string id = visit.run();
      Answer(visit, answer);
      if (!unknown.empty()) FindCopies(id, std::move(unknown));
    });
  });
}

// From the reader of runs, which knows where, to the reader of tokens, and back.
void DashboardService::FindCopies(const std::string& id, std::vector<std::string> texts) {
  const auto keep = [this, id](std::vector<std::string> done, Result<std::vector<SampleCopies>> copies) {
    run_work_.Add([this, id, done = std::move(done), copies = std::move(copies)](const std::stop_token&) {
      runs_.KeepCopies(id, done, copies);
    });
  };
  run_work_.Add([this, id, texts = std::move(texts), keep](const std::stop_token&) mutable {
    post_([this, texts = std::move(texts), keep, run = runs_.Source(id)]() mutable {
      if (!run.ok()) return keep(std::move(texts), run.status());
      token_work_.Add([this, texts = std::move(texts), keep, run = *run](const std::stop_token& stop) mutable {
        auto copies = tokens_.Copies(run, texts, stop);
        post_([texts = std::move(texts), keep, copies = std::move(copies)]() mutable {
          keep(std::move(texts), std::move(copies));
        });
      });
    });
  });
}

void DashboardService::Lattice(const Visit& visit) {
  if (visit.target.api.size() == 4) {
    return OnTokens(visit, [token = visit.target.api[3]](TokenReader& reader, const RunSource& run) {
      return reader.Token(run, token);
    });
  }
  OnTokens(visit, [this](TokenReader& reader, const RunSource& run) {
    bool losses_are_wanted = false;
    HttpAnswer answer = reader.Lattice(run, losses_are_wanted);
    if (losses_are_wanted) post_([this, run] { FindLosses(run); });
    return answer;
  });
}

void DashboardService::FindLosses(const RunSource& run) {
  model_work_.Add([this, run](const std::stop_token&) {
    auto search = models_.BeginSearch(run);
    post_([this, run, search = std::move(search)] {
      if (!search.ok()) return KeepLosses(run, search.status());
      LossStep(run, *search);
    });
  });
}

// A step at a time, so that a prompt does not wait for all of them.
void DashboardService::LossStep(const RunSource& run, const std::shared_ptr<ModelReader::Search>& search) {
  model_work_.Add([this, run, search](const std::stop_token&) {
    const Result<bool> done = search->Step();
    if (!done.ok()) {
      post_([this, run, why = done.status()] { KeepLosses(run, why); });
    } else if (*done) {
      post_([this, run, found = search->Found()] { KeepLosses(run, found); });
    } else {
      post_([this, run, search] { LossStep(run, search); });
    }
  });
}

void DashboardService::KeepLosses(const RunSource& run, Result<KnownLosses> losses) {
  token_work_.Add([this, run, losses = std::move(losses)](const std::stop_token&) { tokens_.KeepLosses(run, losses); });
}

WorkQueue& DashboardService::IdleDownloads() {
  return **std::ranges::min_element(download_work_, {}, [](const auto& work) { return work->size(); });
}

void DashboardService::Log(const Visit& visit) {
  StartDownload(visit, {.content_type = "application/x-ndjson"}, "log.jsonl",
                [](const std::string& log, Download& download, const std::stop_token& stop) {
                  return PushFile(log, download, stop);
                });
}

void DashboardService::Csv(const Visit& visit) {
  StartDownload(visit, {.content_type = "text/csv; charset=utf-8"}, "curves.csv",
                [names = visit.target.List("names")](const std::string& log, Download& download,
                                                     const std::stop_token& stop) {
                  return PushCsv(log, names, download, stop);
                });
}

void DashboardService::StartDownload(const Visit& visit, HttpAnswer head, const std::string& file, PushAll push_all) {
  head.headers = visit.headers;
  head.headers.push_back({"Content-Disposition", fmt::format("attachment; filename=\"{}\"", file)});
  run_work_.Add([this, visit, head = std::move(head), push_all = std::move(push_all)](const std::stop_token&) mutable {
    post_([this, visit = std::move(visit), head = std::move(head), push_all = std::move(push_all),
           log = runs_.LogPath(visit.run())] {
      if (!log.ok()) return Refuse(visit, 404, log.status().message());
      if (access(log->c_str(), R_OK) != 0) return Refuse(visit, 404, "the run has no log");
      if (visit.request().method == "HEAD") return visit.exchange->Answer(head);
      const auto download = std::make_shared<Download>(visit.exchange, post_);
      download->Begin(head);
      IdleDownloads().Add([log = *log, push_all, download](const std::stop_token& stop) {
        if (push_all(log, *download, stop).ok()) return download->Finish();
        download->CutOff();
      });
    });
  });
}

void DashboardService::Generate(const Visit& visit) {
  const Result<JsonObject> body = JsonObject::Parse(visit.request().body, "the request");
  if (!body.ok()) return Answer(visit, ErrorAnswer({.message = body.status().message(), .code = "invalid_json"}));
  ModelReader::Prompt prompt;
  if (const auto wrong = ReadPrompt(*body, prompt)) return Answer(visit, ErrorAnswer(*wrong));
  if (model_work_.size() >= kMostGenerations) return Refuse(visit, 429, "other texts are being written; try again");
  const auto stream = std::make_shared<GenerationStream>(visit.exchange, visit.headers);
  stream->WatchClient();
  run_work_.Add([this, id = visit.run(), stream, prompt = std::move(prompt)](const std::stop_token&) mutable {
    post_([this, stream = std::move(stream), prompt = std::move(prompt), run = runs_.Source(id)]() mutable {
      if (!run.ok()) return stream->Fail(404, run.status().message());
      model_work_.Add([this, stream = std::move(stream), prompt = std::move(prompt),
                       run = *run](const std::stop_token& stop) mutable {
        Result<ModelReader::Continued> made = models_.Continue(run, prompt, [&](const GeneratedToken& token) {
          if (!token.text.empty()) post_([stream, text = std::string(token.text)] { stream->Text(text); });
          return !stream->gone() && !stop.stop_requested();
        });
        post_([stream = std::move(stream), made = std::move(made)] {
          if (!made.ok()) return stream->Fail(StatusOfFailure(made.status()), made.status().message());
          stream->Done({{"reason", NameOfReason(made->text.reason)},
                        {"tokens", made->text.tokens.size()},
                        {"step", made->step}});
        });
      });
    });
  });
}

}  // namespace cllm
