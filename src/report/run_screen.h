#pragma once

#include <string>
#include <vector>

#include "history/run_facts.h"
#include "history/run_history.h"

namespace cllm::report {

// How a run is shown in a terminal.
struct ScreenWishes {
  std::string name = {};   // of the run
  std::string state = {};  // "running"
  size_t columns = 80, rows = 24;
  bool unicode = false;  // braille and lines, else ASCII
  bool colour = false;   // ANSI escapes
  Axis axis = Axis::kStep;
  bool log_x = false, log_y = false;
};

// A run's losses as a curve and how it is doing, in lines of at most so many columns and at most so many of them. A
// window too small for a curve shows the words alone.
std::vector<std::string> RunScreen(const RunHistory& history, const RunFacts& facts, const ScreenWishes& wishes);

// The same in one line of any length: "step 120/2,000 | loss 3.4512 | val 3.4600 | ...".
std::string RunLine(const RunHistory& history, const RunFacts& facts);

}  // namespace cllm::report
