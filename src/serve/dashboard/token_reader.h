#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "serve/dashboard/lattice_view.h"
#include "serve/dashboard/run_tokens.h"
#include "serve/dashboard/sample_copies.h"
#include "serve/http.h"

namespace cllm {

// Answers what needs a run's tokens: the lattice, and what samples have copied. Keeps the tokenizers and tokens of the
// runs that were asked for last. One thread at a time.
class TokenReader {
 public:
  // losses: set where somebody is to find the losses of the run's tokens (once for a checkpoint).
  HttpAnswer Lattice(const RunSource& run, bool& losses_are_wanted);
  // token: an id as text.
  HttpAnswer Token(const RunSource& run, const std::string& token);
  // Error: the tokens are not there, or as FindSampleCopies.
  Result<std::vector<SampleCopies>> Copies(const RunSource& run, std::span<const std::string> texts,
                                           const std::stop_token& stop);
  void KeepLosses(const RunSource& run, Result<KnownLosses> losses);

 private:
  struct Opened {
    RunSource run;
    std::unique_ptr<RunTokens> tokens;
    std::unique_ptr<LatticeView> view;  // null until it is asked for
    std::optional<KnownLosses> losses;
    std::optional<uint64_t> asked;  // the checkpoint whose losses somebody finds, or could not
    bool finding = false;
  };
  Result<Opened*> Open(const RunSource& run);
  Result<LatticeView*> View(const RunSource& run);

  std::deque<std::unique_ptr<Opened>> opened_;  // the last one first
};

}  // namespace cllm
