#pragma once

#include <string>

#include "measure/scaling_result.h"

namespace cllm::measure {

// The drawings of the scaling page, as inline SVG whose looks the page's style gives.

// Speed-up by threads: measured, predicted with its range, what the seed hoped for.
std::string SpeedUpPlot(const ScalingResult& result);
// Processor time and efficiency by threads.
std::string ProcessorPlot(const ScalingResult& result);
// What the threads that work at once spend their time on, a bar for each number of threads.
std::string TimePlot(const ScalingResult& result);
// What each leaf did: a column for each leaf of each number of threads.
std::string SpheresPlot(const ScalingResult& result);
// Validation loss of the small model by step, beside the entropy of the text's bytes. REQUIRES: it learned.
std::string LearningPlot(const ScalingResult& result);

}  // namespace cllm::measure
