#include "serve/metrics.h"

#include <fmt/format.h>

namespace cllm {
namespace {

void Head(std::string& text, const char* name, const char* type, const char* help) {
  text += fmt::format("# HELP cllm_{0} {1}\n# TYPE cllm_{0} {2}\n", name, help, type);
}

void Add(std::string& text, const char* name, const char* type, uint64_t value, const char* help) {
  Head(text, name, type, help);
  text += fmt::format("cllm_{} {}\n", name, value);
}

}  // namespace

std::string MetricsText(const ServerCounts& counts, const DecoderStatistics& decoder) {
  std::string text;
  Add(text, "prompt_tokens_total", "counter", decoder.prompt_tokens, "Tokens of prompts that were begun");
  Add(text, "prompt_tokens_shared_total", "counter", decoder.shared_tokens,
      "Tokens of prompts that another request's cache held");
  Add(text, "tokens_predicted_total", "counter", decoder.made_tokens, "Tokens that were made");
  Add(text, "decoding_steps_total", "counter", decoder.steps, "Steps of the models' batches");
  Add(text, "requests_processing", "gauge", decoder.decoding, "Texts that are being decoded");
  Add(text, "requests_deferred", "gauge", decoder.waiting, "Texts that wait to be decoded");
  Add(text, "calls_open", "gauge", counts.calls, "Calls that are not answered to their end");
  Add(text, "calls_cancelled_total", "counter", counts.cancelled, "Calls whose client went away");
  Add(text, "connections", "gauge", counts.connections, "Open connections");
  Head(text, "http_answers_total", "counter", "Answers by status");
  for (const auto& [status, number] : counts.answers) {
    text += fmt::format("cllm_http_answers_total{{status=\"{}\"}} {}\n", status, number);
  }
  return text;
}

}  // namespace cllm
