#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "history/run_history.h"
#include "serve/dashboard/sample_copies.h"

namespace cllm {

// The samples of a run, and what is known of how they are copied. Thread-compatible.
class SampleBook {
 public:
  // Takes over what the log tells.
  void Read(const RunHistory& history);

  // Texts whose copies are not known, so that somebody finds them; none while somebody does, and none for a while after
  // it could not be known: the tokens may come. now: seconds of a clock that only goes on.
  std::vector<std::string> TakeUnknown(double now);
  // What came of it: of the texts that were taken, in order.
  void Keep(const std::vector<std::string>& texts, std::vector<SampleCopies> copies);
  // It cannot be known now: why.
  void GiveUp(std::string why, double now);

  // {"prompt", "samples", "known", "pending"}.
  JsonFields Answer() const;

 private:
  struct Sample {
    uint64_t step = 0;
    uint64_t offset = 0, bytes = 0;  // of its record in the log
    std::string text = {};
  };
  std::vector<Sample> samples_;
  std::map<std::string, SampleCopies> copies_;  // by text
  bool pending_ = false;
  std::string gave_up_;
  double again_ = 0;  // when it is worth another look
};

}  // namespace cllm
