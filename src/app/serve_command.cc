#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/command.h"
#include "app/arguments/command_line.h"
#include "app/console.h"
#include "app/model_argument.h"
#include "base/system.h"
#include "base/units.h"
#include "serve/model_server.h"

namespace cllm {
namespace {

constexpr const char* kKeyVariable = "CLLM_API_KEY";
constexpr uint64_t kMemoryShare = 4;  // caches may take a quarter of what is available

struct ServeFlags {
  std::vector<std::string> models, cors_origins;
  std::string host = "127.0.0.1", key, weights = "f32";
  uint64_t port = 8080, together = kStepRows, queue = 256;
  size_t threads = 0;
};

void AddFlags(CommandLine& line, ServeFlags& flags) {
  line.AddRequiredTexts(
      "MODEL", flags.models,
      "runs, RUN@latest, RUN@STEP, checkpoints or model directories; NAME=MODEL gives one another name");
  line.AddText("--host ADDRESS", flags.host,
               "where to listen; another one than this machine's own only with a key [127.0.0.1 and ::1]");
  line.AddWhole("--port", flags.port, 0, 65535, "its port; 0: any free one [8080]");
  line.AddText("--api-key KEY", flags.key,
               "the key that clients must bring; also read from CLLM_API_KEY, where other users do not see it [none]");
  line.AddTexts(
      "--cors-origins ORIGIN", flags.cors_origins,
      "web pages that may ask: origins such as http://localhost:3000, with commas between them; * for all [none]");
  line.AddWhole("--parallel", flags.together, 1, 4096, "texts that are decoded at once, if memory allows [64]");
  line.AddWhole("--queue", flags.queue, 0, 100'000,
                "calls that may wait beside those; more are refused for a while [256]");
  line.AddWhole("--threads", flags.threads, 1, 4096,
                "worker threads; the texts are the same for any number [one per core]");
  line.AddText("--weights f32|bf16|q8_0", flags.weights, kWeightsHelp);
}

std::vector<std::string> SplitAtCommas(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : texts) {
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(',', begin), text.size());
      if (end > begin) parts.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return parts;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<ModelServerOptions> OptionsOf(const ServeFlags& flags) {
  ModelServerOptions options{.port = static_cast<uint16_t>(flags.port), .waiting = flags.queue, .takes_signals = true};
  options.access.loopback = IsLoopback(flags.host);
  if (flags.host != "127.0.0.1" && flags.host != "localhost") options.addresses = {flags.host};
  options.access.api_key = flags.key.empty() ? EnvironmentVariable(kKeyVariable).value_or("") : flags.key;
  if (!options.access.loopback && options.access.api_key.empty()) {
    return Usage(fmt::format("--host {} can be reached from other machines, so it needs --api-key KEY (or {})",
                             flags.host, kKeyVariable));
  }
  options.access.cors_origins = SplitAtCommas(flags.cors_origins);
  options.decoder.requests = flags.together;
  options.decoder.cache_bytes = ReadMachineMemory().available / kMemoryShare;
  options.program = ProgramVersion();
  return options;
}

Result<std::vector<std::unique_ptr<ServedModel>>> OpenModels(const ServeFlags& flags, ConsoleObserver& console) {
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  std::vector<std::unique_ptr<ServedModel>> models;
  for (const std::string& argument : flags.models) {
    CLLM_ASSIGN(const ModelToServe named, ParseModelToServe(argument));
    for (const auto& other : models) {
      if (other->name() != named.name) continue;
      return Usage(fmt::format("two models are called '{}'; NAME=MODEL gives one of them another name", named.name));
    }
    console.OnPhase({.name = "opening " + named.path});
    CLLM_ASSIGN(OpenedModel opened, OpenModelAloud(named.path));
    models.push_back(ServeModel(std::move(opened), named.name, storage, ProgramVersion()));
  }
  return models;
}

std::string WhatIsServed(const std::vector<std::unique_ptr<ServedModel>>& models) {
  std::string lines;
  for (const auto& model : models) {
    lines += fmt::format("serving '{}': {} parameters in {}, context {}, {}\n", model->name(),
                         FormatCount(model->parameters()), model->storage(), model->shape().context,
                         model->chat() != nullptr ? "taught dialogues" : "continues texts");
  }
  return lines;
}

}  // namespace

Outcome ServeCommand(const Arguments& arguments) {
  CommandLine line(
      "serve",
      "Serves models over HTTP: a page to try them in a browser, and completions, chats and scores of prompts for "
      "clients of OpenAI's and llama.cpp's API. A text is the same for the same request and seed, whatever "
      "else is asked at the time.",
      "cllm serve runs/book-1\n"
      "cllm serve poems=runs/book-1 prose=runs/book-2@latest --port 9000\n"
      "CLLM_API_KEY=secret cllm serve runs/book-1 --host 0.0.0.0");
  ServeFlags flags;
  AddFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  ConsoleObserver console(ChooseConsoleStyle(false));
  CLLM_ASSIGN(ModelServerOptions options, OptionsOf(flags));
  options.tell = [&console](const std::string& sentence) { console.SayAlways(sentence); };
  CLLM_ASSIGN(auto models, OpenModels(flags, console));
  const std::string what = WhatIsServed(models);
  const size_t served = models.size();
  CLLM_ASSIGN(const auto pool, Spheres::Start({.leaves = flags.threads}));
  const bool guarded = !options.access.api_key.empty();
  CLLM_ASSIGN(const auto server, ModelServer::Start(std::move(models), pool.get(), std::move(options)));
  console.SayAlways(what);
  console.SayAlways(fmt::format("base URL {}, {}; Ctrl-C stops", server->base_url(),
                                guarded ? "with the API key" : "no key needed"));
  const std::string base = server->base_url();
  console.SayAlways(fmt::format("  in a browser: {}/", base.substr(0, base.rfind('/'))));
  console.SayAlways(fmt::format(
      "  curl {}/completions -H 'Content-Type: application/json'{} -d '{{{}\"prompt\": \"Once\", \"max_tokens\": 50}}'",
      server->base_url(), guarded ? " -H \"Authorization: Bearer $CLLM_API_KEY\"" : "",
      served > 1 ? "\"model\": \"default\", " : ""));
  const int signal = server->Run();
  console.SayAlways("stopped");
  return Outcome::StoppedBy(signal);
}

}  // namespace cllm
