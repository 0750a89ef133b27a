#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "monitor/events.h"

// The texts of progress lines, without a terminal and without a clock of their own.
namespace cllm {

// The parts that fit into `columns`, joined by " | ", dropped from the right; the first one is cut where it does not
// fit alone.
std::string FitParts(const std::vector<std::string>& parts, size_t columns);

// The last look at the validation part: "val 2.3100 (sample)" and "3.3326 bits/byte"; empty: there was none.
struct ValidationParts {
  std::string loss = {}, bits = {};
};

// What a step's line says, most important first: "step 100/2000", "loss 2.3456", "1m20s left", the validation loss,
// "23,000 tok/s", "58% of peak", its bits per byte, "ends 12:34:56"; the times where event.eta_s is known (not
// negative).
std::vector<std::string> StepParts(const StepEvent& event, const ValidationParts& validation);

// For a terminal: the parts that fit, and a bar in what is left of the line.
std::string StepBar(const StepEvent& event, const ValidationParts& validation, size_t columns);

// What a phase's line says: "tokenizing", "42%", "12s", and from kPhaseEta_s on "about 17s left". seconds: since it
// began.
inline constexpr double kPhaseEta_s = 3;
std::vector<std::string> PhaseParts(const PhaseEvent& event, double seconds);

}  // namespace cllm
