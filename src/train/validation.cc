#include "train/validation.h"

#include <algorithm>

namespace cllm {
namespace {

constexpr double kNatsPerBit = 0.6931471805599453;

}  // namespace

Validation::Validation(TokenView tokens, uint64_t bytes, const Tokenizer& tokenizer, size_t context, size_t stride)
    : tokens_(tokens), bytes_(bytes), tokenizer_(tokenizer), windows_(tokens.size(), context, stride) {}

Result<size_t> Validation::Fill(size_t index, std::span<uint32_t> inputs, std::span<uint32_t> targets) const {
  const EvaluationWindow window = windows_[index];
  CLLM_TRY(tokens_.Read(window.start, inputs.first(window.length)));
  CLLM_TRY(tokens_.Read(window.start + 1, targets.first(window.length)));
  return static_cast<size_t>(window.length);
}

uint64_t Validation::BytesOf(const EvaluationWindow& window) const {
  uint64_t bytes = 0;
  for (uint64_t t = window.first_counted; t < window.length; ++t) {
    bytes += tokenizer_.TokenBytes(tokens_[window.start + 1 + t]).size();
  }
  return bytes;
}

Result<EvaluationReport> Validation::Run(ExactStep& step, size_t count) const {
  const size_t all = windows_.size();
  count = std::clamp<size_t>(count, 1, all);
  const auto chosen = [&](size_t i) { return i * all / count; };
  EvaluationReport report;
  const ExactStep::WindowReader read = [&](size_t i, std::span<uint32_t> inputs,
                                           std::span<uint32_t> targets) -> Result<ExactStep::Window> {
    const size_t index = chosen(i);
    CLLM_ASSIGN(const size_t positions, Fill(index, inputs, targets));
    return ExactStep::Window{positions, static_cast<size_t>(windows_[index].first_counted)};
  };
  CLLM_ASSIGN(report.scores, step.Evaluate(count, read));
  uint64_t bytes = bytes_;
  if (count < all) {
    bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += BytesOf(windows_[chosen(i)]);
  }
  report.whole = count == all;
  const double nats = report.scores.token * static_cast<double>(report.scores.positions);
  report.bits_per_byte = nats / (kNatsPerBit * static_cast<double>(std::max<uint64_t>(1, bytes)));
  return report;
}

}  // namespace cllm
