#pragma once

#include <memory>
#include <string>

#include "app/interrupts.h"
#include "base/status.h"

namespace cllm {

// Where the lines of a conversation come from. One thread.
class LineInput {
 public:
  virtual ~LineInput() = default;

  enum class Event {
    kLine,
    kEnd,          // of the input, or a signal asks to end
    kInterrupted,  // Ctrl-C: what was begun is void
  };
  // Asks for a line, which comes without its end. Error (BadInput): the input cannot be read; a line beyond 16 MiB.
  virtual Result<Event> Read(const std::string& prompt, std::string& line) = 0;
  // Whether somebody types.
  virtual bool interactive() const = 0;
};

// Lines of standard input as they are. On a terminal (one that knows nothing but text) the prompt is shown.
std::unique_ptr<LineInput> PlainLines(Interrupts& interrupts);

// Standard input's: a line editor with history on a terminal, else plain lines.
std::unique_ptr<LineInput> InputLines(Interrupts& interrupts);

// A message of one line or several: a line that ends with a backslash goes on in the next one, and """ alone or before
// a text begins a message that ends with """. Events and errors as LineInput::Read; what the input's end leaves open is
// a message.
Result<LineInput::Event> ReadMessage(LineInput& input, std::string& message);

}  // namespace cllm
