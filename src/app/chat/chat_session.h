#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/command.h"
#include "app/interrupts.h"
#include "app/chat/line_input.h"
#include "infer/conversation.h"

namespace cllm {

// A conversation at the keyboard: takes messages and commands, streams answers to standard output, and says on standard
// error what else there is to say. One thread.
class ChatSession {
 public:
  struct Settings {
    RequestOptions options;  // the seed is that of the first answer; each further one has the next
    bool taught = false;     // the model has a chat template
    bool quiet = false;      // no figures after an answer
  };
  // Both outlive the session.
  ChatSession(Conversation& conversation, Interrupts& interrupts, Settings settings);

  // Until the input ends, somebody leaves, or a signal asks to end.
  Outcome Run(LineInput& input);

 private:
  struct Command;
  static const Command kCommands[];

  void TakeMessage(const std::string& message);
  void TakeCommand(std::string_view line);
  void Reply();
  void TellLeft(const Answer& answer);
  void TellFigures(const Answer& answer);
  void Say(const std::string& sentence) const;

  void Help(const std::string& words);
  void Reset(const std::string& words);
  void Retry(const std::string& words);
  void Temperature(const std::string& words);
  void Seed(const std::string& words);
  void System(const std::string& words);
  void Save(const std::string& words);
  void Load(const std::string& words);
  void Quit(const std::string& words);

  Conversation& conversation_;
  Interrupts& interrupts_;
  Settings settings_;
  const bool terminal_;        // standard output is one
  bool interactive_ = false;   // somebody types
  bool unfinished_ = false;    // the last answer was cut: an empty line goes on with it
  bool left_ = false;          // somebody wants to leave
};

}  // namespace cllm
