#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "history/run_history.h"

namespace cllm {

// Something that a person should know of a run now.
struct RunAlert {
  std::string kind;  // "memorising", "plateau", "slow", "stale", "not_finite", "diverged", "spikes", "hot"
  uint64_t step = 0;
  std::string text;  // a sentence
};

// Where the time of training went, in seconds; `other_s` are evaluations, samples, saves and what is between steps, 0
// where a log does not tell the time.
struct TimeParts {
  double items_s = 0, reduce_s = 0, update_s = 0, pack_s = 0, other_s = 0;
  double exchange_s = 0;  // of these: messages of ranks and waiting for one another's items, while no worker worked
  double total() const { return items_s + reduce_s + update_s + pack_s + other_s; }
};

enum class Learning { kUnknown, kLearning, kPlateau, kMemorising, kDiverged };
const char* NameOf(Learning learning);  // "unknown", "learning"

// The best evaluation of a log: the last one over the whole validation part where there is one, else the lowest over a
// sample of it.
struct BestEvaluation {
  uint64_t step = 0;
  double nats = 0, bits_per_byte = 0;
  bool whole = false;
};

// What a log says of how its run is doing: the questions that people have, each answered in a sentence.
struct RunFacts {
  Learning learning = Learning::kUnknown;
  std::string learning_text;     // is it still learning
  std::string memorising_text;   // is it memorising
  std::string limits_text;       // what limits its speed
  std::string end_text;          // when it ends, or how it ended
  double eta_s = -1;             // from now; below 0: unknown, or it does not run
  double stale_s = 0;            // since the log was written, where a process writes the run
  bool ended = false;            // the last session came to an end that the log tells
  uint64_t step = 0, steps = 0;  // done, and planned (0: unknown)
  double tokens = 0, seconds = 0, tokens_per_s = 0;
  double training_nats = 0;  // mean of the last steps; 0: there are none
  std::optional<BestEvaluation> best;
  std::optional<double> generalisation_gap;  // validation minus training loss, nats per token, of late
  std::optional<double> uniform_nats;        // of a guess among all tokens
  std::optional<double> waiting_share;       // of the workers' time, in the last session
  double peak_share = 0;                     // of late; 0: unknown
  TimeParts parts;
  std::vector<RunAlert> alerts;
};

// now: seconds since 1970. running: whether a process writes the run (its lock tells).
RunFacts FactsOf(const RunHistory& history, double now, bool running);

}  // namespace cllm
