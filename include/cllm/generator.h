#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cllm/error.h"
#include "cllm/events.h"
#include "cllm/model.h"
#include "cllm/visibility.h"

namespace cllm {

class LoadedGenerator;  // what a Generator holds

inline namespace api {

// How a prompt is continued; the defaults are those of `cllm generate`. A plain value.
struct GenerateOptions {
  size_t tokens = 200;           // new ones at most
  double temperature = 0.8;      // [0, 1000]; 0: always the most probable token
  size_t top_k = 40;             // of the most probable; 0: no limit
  double top_p = 0.95;           // of the most probable that make up this much, [0, 1]; 1: no limit
  double min_p = 0.05;           // of the most probable token's probability, [0, 1]; 0: no limit
  double repeat_penalty = 1;     // [0.001, 1000]; above 1: what was there lately becomes less likely
  double presence_penalty = 0;   // [-100, 100]; taken from the logit of a token that was made before
  double frequency_penalty = 0;  // [-100, 100]; and this for each time that it was
  uint64_t seed = 1;             // the same seed gives the same text
  std::vector<std::string> stops = {};  // the text ends before the first of these
  bool begin = true;                    // the prompt starts with the model's begin token
  std::stop_token stop = {};            // ends the work from any thread, between two tokens
};

// A new token as it is made.
struct Piece {
  uint32_t id = 0;
  float logprob = 0;      // ln p in the model's own distribution, before temperature and cuts
  std::string_view text = {};  // what may be shown now: whole UTF-8 characters, may be empty. Valid during the call
};

enum class EndReason {
  kLength,   // `tokens` were made
  kStops,    // one of `stops` came
  kEnd,      // the model ended it
  kStopped,  // the caller ended it
};

// A continuation. A plain value.
struct GeneratedText {
  std::string text = {};               // without the prompt; any bytes, ended with a whole character where it was cut
  std::vector<uint32_t> tokens = {};   // all new ones but the end token
  std::vector<float> logprobs = {};    // of them
  EndReason reason = EndReason::kLength;
  uint64_t seed = 0;              // that it was made with
  size_t prompt_tokens = 0;       // of the prompt, begin token included
  size_t prompt_left_out = 0;     // of these, from the start: the context is too short for them
};

// Continues prompts with a model on threads of its own, which end with it. Movable. Called by one thread at a time,
// whichever, and not from its own callbacks; different Generators, of one model too, may work at once.
//
// A text is a function of model, prompt, options and seed: not of the number of threads, of other texts that are made
// with it, or of the machine.
class CLLM_API Generator {
 public:
  // threads: workers, 0: one for each usable core. Error kNoResources: they could not be started.
  static Expected<Generator> Start(const Model& model, size_t threads = 0);

  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;
  ~Generator();

  // Called for each new token, on the thread that called; one that answers kStop ends the text. One that throws ends it
  // too, and the call gives an error of kind kCallback.
  using OnPiece = std::function<Next(const Piece& piece)>;

  // Continues a prompt: any bytes, may be empty. Of one longer than the context its newest part is read. The texts of
  // the pieces add up to GeneratedText::text unless a caller stopped it. Error kBadOption: a number out of range.
  Expected<GeneratedText> Generate(std::string_view prompt, const GenerateOptions& options = {},
                                   const OnPiece& on_piece = {});

  // Called with the number of each text that is finished, on the thread that called. Answers and exceptions as above;
  // they end all texts.
  using OnText = std::function<Next(size_t index, const GeneratedText& text)>;

  // Continues many prompts, decoded together, as many at a time as memory allows. `count` texts of each, with the
  // seeds options.seed, options.seed + 1, …: text i is of prompt i / count, and the one that Generate gives with that
  // prompt and seed. After a stop the texts that are not finished have the reason kStopped and what was made of them.
  Expected<std::vector<GeneratedText>> GenerateAll(std::span<const std::string> prompts,
                                                   const GenerateOptions& options = {}, size_t count = 1,
                                                   const OnText& on_text = {});

 private:
  explicit Generator(std::unique_ptr<LoadedGenerator> loaded) noexcept;
  std::unique_ptr<LoadedGenerator> loaded_;  // null only in one that was moved from
};

}  // namespace api
}  // namespace cllm
