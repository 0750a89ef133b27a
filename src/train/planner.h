#pragma once

#include <cstdint>
#include <string>

#include "data/prepared_corpus.h"
#include "text/tokenizer.h"
#include "train/run_config.h"

namespace cllm {

// What the planner knows of the machine.
struct MachineSpeed {
  double peak_gflops = 0;  // fused-multiply-add peak of all worker threads together
  size_t threads = 1;
};
// Measures the joint peak of `threads` threads for about `milliseconds`.
MachineSpeed MeasureMachine(size_t threads, double milliseconds, Precision precision = Precision::kFp32);

// The tokenizer for a text of `bytes` bytes and `seconds` of training, as --tokenizer names it.
std::string PlanTokenizer(uint64_t bytes, double seconds, const MachineSpeed& machine);

// Fills every empty choice of `config` but steps, evaluations and saves: shape, batch, item, rates, dropout.
// seconds: of training; 0 with --steps, where the default shape for ten minutes is used.
Status PlanModel(const PreparedCorpus& corpus, size_t vocabulary, double seconds, const MachineSpeed& machine,
                 RunConfig& config);

// Steps that fit into `seconds` with their evaluations.
uint64_t StepsInTime(double seconds, double step_seconds);

// Fills steps, evaluations and saves from the measured seconds of a step. seconds: of training and evaluations, 0 with
// --steps; evaluation_tokens: of the validation part.
void PlanSteps(double seconds, double step_seconds, RunConfig& config);

// Trains a throwaway copy of the planned model on random tokens for about `seconds` and returns the median seconds of a
// step. Error: Usage or NoResources as the real start would give.
Result<double> MeasureStep(const RunConfig& config, const Tokenizer& tokenizer, double seconds);

}  // namespace cllm
