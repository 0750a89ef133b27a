#include "app/sampling_flags.h"

namespace cllm {

void AddSamplingFlags(CommandLine& line, SamplerOptions& sampler) {
  line.AddReal("--temp", sampler.temperature, 0, 100, "temperature; 0 takes the most probable token [0.8]");
  line.AddWhole("--top-k", sampler.top_k, 0, 1 << 20, "choose among the K most probable; 0: all [40]");
  line.AddReal("--top-p", sampler.top_p, 0, 1, "choose among the most probable that make up P [0.95]");
  line.AddReal("--min-p", sampler.min_p, 0, 1, "leave out what is less probable than P times the best [0.05]");
  line.AddReal("--repeat-penalty", sampler.repeat_penalty, 0.01, 100, "above 1: repeat less [1]");
}

}  // namespace cllm
