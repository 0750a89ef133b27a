#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "app/arguments/command_line.h"
#include "app/chat/chat_greeting.h"
#include "app/chat/chat_session.h"
#include "app/command.h"
#include "app/model_argument.h"
#include "app/sampling_flags.h"
#include "base/units.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

struct ChatFlags {
  std::string model, system, weights = "f32";
  RequestOptions options;
  size_t threads = 0;
  bool quiet = false;
};

void AddFlags(CommandLine& line, ChatFlags& flags) {
  SamplerOptions& sampler = flags.options.sampler;
  AddModelArgument(line, flags.model);
  line.AddText("--system TEXT", flags.system, "what stands before everything that is said");
  line.AddWhole("-n,--tokens", flags.options.tokens, 1, 10'000'000, "tokens of an answer at most [200]");
  AddSamplingFlags(line, sampler);
  line.AddTexts("--stop", flags.options.stops, "end an answer before this text");
  line.AddWhole("-s,--seed", sampler.seed, 0, kMostSeed,
                "seed of the first answer; each further one has the next [a random one, told on standard error]");
  line.AddWhole("--threads", flags.threads, 1, 4096,
                "worker threads; the answers are the same for any number [one per core]");
  line.AddText("--weights f32|bf16|q8_0", flags.weights, kWeightsHelp);
  line.AddFlag("--quiet", flags.quiet, "on standard error no greeting and no figures");
}

void Greet(const ChatFlags& flags, const OpenedModel& model) {
  const ModelShape& shape = model.shape();
  const auto say = [](const std::string& text) {
    std::fprintf(stderr, "%s\n", Wrap(text, TerminalColumns(STDERR_FILENO), 0).c_str());
  };
  const uint64_t parameters = ParameterLayout(shape).size();
  say(fmt::format("{}: {} parameters, a context of {} tokens ({})", flags.model, FormatShortCount(parameters),
                  FormatCount(shape.context), model.tokenizer.name()));
  say(WhatToExpect(parameters));
  if (model.chat == nullptr) {
    say("It was not taught dialogues and has no chat template: it continues what you write, as `cllm generate` does. "
        "`cllm "
        "train --chat --from " +
        flags.model + " dialogues.jsonl` teaches it to answer.");
  }
  say("/help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves.");
}

}  // namespace

Outcome ChatCommand(const Arguments& arguments) {
  CommandLine line("chat", "Talks with a model; one that was not taught dialogues continues what is written.",
                   "cllm chat runs/book-1\ncllm chat runs/book-1 --system \"Be short.\" --temp 0.7\n"
                   "cllm chat runs/book-1 --seed 7 < questions.txt > answers.txt");
  ChatFlags flags;
  AddFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_TRY(Validate(flags.options.sampler));
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  CLLM_ASSIGN(OpenedModel model, OpenModelAloud(flags.model));
  if (!flags.quiet) Greet(flags, model);
  uint64_t& seed = flags.options.sampler.seed;
  if (!line.Given("seed")) {
    seed = std::random_device()();
    std::fprintf(stderr, "note: seed %llu; --seed %llu repeats it\n", static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(seed));
  }
  const Weights weights(std::move(model.stored), storage);
  CLLM_ASSIGN(const auto pool, Spheres::Start({.leaves = flags.threads}));
  Conversation conversation({.weights = weights, .tokenizer = model.tokenizer, .chat = model.chat, .pool = pool.get()});
  conversation.SetSystem(flags.system);
  Interrupts interrupts;
  const std::unique_ptr<LineInput> input = InputLines(interrupts);
  ChatSession session(conversation, interrupts,
                      {.options = flags.options, .taught = model.chat != nullptr, .quiet = flags.quiet});
  return session.Run(*input);
}

}  // namespace cllm
