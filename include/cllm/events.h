#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <variant>

// What happens while something works, told to who called it. Plain values that own what they hold. Losses are natural
// logarithms, nats per token; times are seconds.
namespace cllm::inline api {

// A training begins or goes on: it has a directory now.
struct RunBegan {
  std::string directory = {};        // of the run
  uint64_t step = 0;            // done so far; 0: a new run
  uint64_t total_steps = 0;     // of a run by time: those that are decided so far
  uint64_t parameters = 0;      // of the model
  uint64_t batch = 0;           // sequences of a step
  uint64_t training_tokens = 0, validation_tokens = 0;  // of the text
};

// A step was done.
struct StepDone {
  uint64_t step = 0;         // steps done
  uint64_t total_steps = 0;  // of the run; of a run by time, as it looks now
  uint64_t tokens = 0;       // read so far
  double loss = 0;           // what is minimised: of tokens, roots and forms
  double token_loss = 0;     // its part of tokens: the cross entropy
  double rate = 0;           // of the matrices
  double gradient_norm = 0;  // before clipping
  double tokens_per_s = 0;
  double elapsed_s = 0;      // of training, over all sessions
  double left_s = -1;        // to the end; below 0: not known yet
  bool skipped = false;      // nothing in the step's text is learned: no weight moved, losses and norm are void
};

// Work other than steps is under way: "reading", "tokenizing", "evaluating". An empty name ends it.
struct PhaseShare {
  std::string name = {};
  double share = -1;  // that is done, [0, 1]; below 0: unknown
};

// The validation part was looked at.
struct Evaluated {
  uint64_t step = 0;  // of the weights
  double token_loss = 0;
  double bits_per_byte = 0;
  uint64_t tokens = 0;  // that were looked at
  bool whole = false;   // over all of the validation part, else over a fixed sample of it
  bool best = false;    // these are the weights to use so far
};

// The model wrote a text.
struct SampleWritten {
  uint64_t step = 0;
  std::string text = {};  // as the model made it: any bytes
};

// A checkpoint was written: who resumes begins no earlier than here.
struct Saved {
  uint64_t step = 0;
  std::string directory = {};  // of the checkpoint
};

// A sentence that a person should read: on the text, on a save that failed, on how learning goes.
struct Note {
  std::string sentence = {};
};

using Event = std::variant<RunBegan, StepDone, PhaseShare, Evaluated, SampleWritten, Saved, Note>;

// What a callback answers.
enum class Next { kGoOn, kStop };

// Who watches work and may stop it. Both members may be left out.
struct Watch {
  // Called for each event, in order, on the thread that called the library and before that call returns; the work
  // waits for it. One that answers kStop stops the work. One that throws stops it too, and the call gives an error of
  // kind kCallback instead of its value; the exception goes no further, and what was saved stays. No event is told
  // after either.
  std::function<Next(const Event&)> on_event = {};
  // Stops the work from any thread. A token that was never given a source stops nothing.
  std::stop_token stop = {};
};

}  // namespace cllm::inline api
