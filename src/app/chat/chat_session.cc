#include "app/chat/chat_session.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include "app/arguments/suggestion.h"
#include "app/sampling_flags.h"
#include "base/units.h"
#include "run/dialogue_file.h"
#include "terminal/terminal_text.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr double kMostTemperature = 100;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  text = text.substr(std::min(text.find_first_not_of(kWhite), text.size()));
  return text.substr(0, text.find_last_not_of(kWhite) + 1);
}

}  // namespace

struct ChatSession::Command {
  const char* name;
  const char* words;
  const char* help;
  void (ChatSession::*run)(const std::string& words);
};

const ChatSession::Command ChatSession::kCommands[] = {
    {"/help", "", "these lines", &ChatSession::Help},
    {"/reset", "", "forget what was said; a system message stays", &ChatSession::Reset},
    {"/retry", "", "take the last answer back and make another one", &ChatSession::Retry},
    {"/temp", "[X]", "the temperature; 0 takes the most probable token", &ChatSession::Temperature},
    {"/seed", "[N]", "the seed of the next answer; each further answer has the next one", &ChatSession::Seed},
    {"/system", "[TEXT|off]", "what stands before everything that is said", &ChatSession::System},
    {"/save", "FILE", "write the dialogue, a line that `cllm train --chat` takes", &ChatSession::Save},
    {"/load", "FILE", "go on with a dialogue that was saved", &ChatSession::Load},
    {"/quit", "", "leave, as the end of the input (Ctrl-D) does", &ChatSession::Quit},
};

ChatSession::ChatSession(Conversation& conversation, Interrupts& interrupts, Settings settings)
    : conversation_(conversation),
      interrupts_(interrupts),
      settings_(std::move(settings)),
      terminal_(isatty(STDOUT_FILENO) != 0) {}

void ChatSession::Say(const std::string& sentence) const {
  std::fprintf(stderr, "%s\n", Wrap(sentence, TerminalColumns(STDERR_FILENO), 2).c_str());
}

Outcome ChatSession::Run(LineInput& input) {
  interactive_ = input.interactive();
  while (!left_ && std::cout) {
    std::string message;
    CLLM_ASSIGN(const LineInput::Event event, ReadMessage(input, message));
    if (event == LineInput::Event::kEnd) break;
    if (event == LineInput::Event::kInterrupted) {
      if (!interactive_) return Outcome::StoppedBy(SIGINT);
      Say("Ctrl-C stops an answer; Ctrl-D or /quit leaves");
      continue;
    }
    if (message.starts_with('/') && !message.starts_with("//")) {
      TakeCommand(message);
    } else {
      TakeMessage(message.starts_with("//") ? message.substr(1) : message);
    }
    if (!interactive_ && interrupts_.interrupted()) return Outcome::StoppedBy(SIGINT);
  }
  if (const int signal = interrupts_.stop_signal(); signal != 0) return Outcome::StoppedBy(signal);
  return {};
}

void ChatSession::TakeMessage(const std::string& message) {
  const bool empty = Trimmed(message).empty();
  if (empty && !unfinished_) {
    if (interactive_) Say(settings_.taught ? "say something, or /help" : "write the beginning of a text, or /help");
    return;
  }
  if (!empty) conversation_.Say(message);
  Reply();
}

void ChatSession::TakeCommand(std::string_view line) {
  line = Trimmed(line);
  const std::string name(line.substr(0, line.find_first_of(" \t\n")));
  const std::string words(Trimmed(line.substr(name.size())));
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    names.emplace_back(command.name);
    if (name != command.name) continue;
    if (*command.words != '\0' || words.empty()) return (this->*command.run)(words);
    return Say(fmt::format("{} takes no words; to say something that begins with /, write //", name));
  }
  const std::string near = Nearest(name, names);
  Say(fmt::format("unknown command {}{}; /help lists them; to say something that begins with /, write //", name,
                  near.empty() ? "" : ", did you mean " + near + "?"));
}

void ChatSession::Reply() {
  const Answer answer = conversation_.Reply(
      settings_.options,
      [this](std::string_view text) {
        std::cout << (terminal_ ? ForTerminal(std::string(text)) : text) << std::flush;
      },
      [this] { return interrupts_.interrupted() || interrupts_.stop_signal() != 0 || !std::cout; });
  std::cout << "\n" << std::flush;
  // Who types wants the next line; a script's end is another's business (Run).
  if (interactive_) (void)interrupts_.TakeInterrupt();
  settings_.options.sampler.seed = (settings_.options.sampler.seed + 1) & kMostSeed;
  unfinished_ = answer.reason == FinishReason::kLength || answer.interrupted || !settings_.taught;
  TellLeft(answer);
  TellFigures(answer);
}

void ChatSession::TellLeft(const Answer& answer) {
  if (answer.left != 0) {
    Say(fmt::format("note: the context of {} tokens was full: the oldest {} left it", conversation_.context(),
                    answer.left == 1 ? "message" : FormatCount(answer.left) + " messages"));
  }
  if (answer.left_tokens != 0) {
    Say(fmt::format("note: that is longer than the context of {} tokens: its first {} are not seen",
                    conversation_.context(), FormatCount(answer.left_tokens)));
  }
  if (answer.full) {
    Say(fmt::format("note: the context of {} tokens became full on the way: the older half of it left",
                    conversation_.context()));
  }
}

void ChatSession::TellFigures(const Answer& answer) {
  if (settings_.quiet) return;
  std::string rate;
  if (answer.tokens > 1 && answer.seconds > 0) {
    rate = fmt::format(", {:.0f} a second", static_cast<double>(answer.tokens - 1) / answer.seconds);
  }
  std::string end;
  if (answer.interrupted) end = "stopped; an empty line goes on";
  if (answer.reason == FinishReason::kLength) end = "as many as --tokens says; an empty line goes on";
  if (answer.reason == FinishReason::kEnd && !settings_.taught) end = "its text ended";
  const size_t used = std::min(conversation_.ContextTokens(), conversation_.context());
  Say(fmt::format("[{} token{}{}{}{}; {} of the context's {} tokens left]", FormatCount(answer.tokens),
                  answer.tokens == 1 ? "" : "s", rate, end.empty() ? "" : "; ", end,
                  FormatCount(conversation_.context() - used), FormatCount(conversation_.context())));
}

void ChatSession::Help(const std::string&) {
  std::string page;
  for (const Command& command : kCommands) {
    page += fmt::format("  {:<20}{}\n", fmt::format("{} {}", command.name, command.words), command.help);
  }
  page += "A line that ends with \\ goes on in the next one; \"\"\" begins and ends a message of several lines.\n"
          "Ctrl-C stops an answer, an empty line goes on with one that was cut.";
  std::fprintf(stderr, "%s\n", WrapPage(page, TerminalColumns(STDERR_FILENO)).c_str());
}

void ChatSession::Reset(const std::string&) {
  const std::string system = conversation_.system();
  conversation_.Restart({});
  conversation_.SetSystem(system);
  unfinished_ = false;
  Say("begun anew: what was said before is forgotten");
}

void ChatSession::Retry(const std::string&) {
  if (!conversation_.TakeBack()) return Say("there is no answer to take back");
  Reply();
}

void ChatSession::Temperature(const std::string& words) {
  double& temperature = settings_.options.sampler.temperature;
  if (!words.empty()) {
    const Result<double> named = ParseReal(words);
    if (!named.ok() || !(*named >= 0 && *named <= kMostTemperature)) {
      return Say(fmt::format("/temp is '{}', expected a number from 0 to {}", words, kMostTemperature));
    }
    temperature = *named;
  }
  Say(fmt::format("temperature {}", temperature));
}

void ChatSession::Seed(const std::string& words) {
  uint64_t& seed = settings_.options.sampler.seed;
  if (!words.empty()) {
    const Result<uint64_t> named = ParseCount(words);
    if (!named.ok() || *named > kMostSeed) {
      return Say(fmt::format("/seed is '{}', expected a whole number from 0 to {}", words, kMostSeed));
    }
    seed = *named;
  }
  Say(fmt::format("the next answer has seed {}", seed));
}

void ChatSession::System(const std::string& words) {
  if (!words.empty()) conversation_.SetSystem(words == "off" ? "" : words);
  const std::string system = conversation_.system();
  Say(system.empty() ? "no system message" : "system message: " + system);
}

void ChatSession::Save(const std::string& words) {
  if (words.empty()) return Say("/save needs the name of a file");
  PosixFileSystem files;
  const Status saved = SaveDialogue(conversation_.messages(), files, words);
  Say(saved.ok() ? fmt::format("{}: {} messages", words, conversation_.messages().size()) : saved.message());
}

void ChatSession::Load(const std::string& words) {
  if (words.empty()) return Say("/load needs the name of a file");
  Result<std::vector<ChatMessage>> messages = LoadDialogue(words);
  if (!messages.ok()) return Say(messages.status().message());
  Say(fmt::format("{}: {} messages", words, messages->size()));
  conversation_.Restart(*std::move(messages));
  // An empty line answers what was said last, or goes on with the text.
  unfinished_ = !settings_.taught || !(conversation_.messages().empty() || conversation_.ends_with_answer());
}

void ChatSession::Quit(const std::string&) { left_ = true; }

}  // namespace cllm
