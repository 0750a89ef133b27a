#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/transformer.h"

namespace cllm {

// A model, one worker's context and an accumulator of its own: forward and backward of whole batches,
// without spheres. Keeps references to the classes' arrays. One worker only.
class OneWorkerModel {
 public:
  OneWorkerModel(const ModelShape& shape, const LossClasses& classes, size_t item_sequences,
          Precision precision = Precision::kFp32)
      : weights_(shape, precision),
        transformer_(weights_, classes),
        context_(shape, item_sequences),
        accumulator_(layout().size(), layout().grids()) {}

  struct Outcome {
    LossSums sums;
    std::vector<int64_t> fixed;    // the accumulator: 2^-40
    std::vector<double> gradient;  // of the mean loss, with the layout's offsets
    bool in_range = true;
    size_t bad_grid = 0;

    double Loss(double lambda) const {
      return (LossSums::Nats(sums.token) + lambda * (LossSums::Nats(sums.root) + LossSums::Nats(sums.form))) /
             static_cast<double>(sums.positions);
    }
  };

  // [layout size], rounded to float.
  void Set(const std::vector<double>& parameters) {
    float* values = weights_.parameters().data();
    for (size_t j = 0; j < parameters.size(); ++j) values[j] = static_cast<float>(parameters[j]);
    Repack();
  }
  // After parameters() were changed.
  void Repack() { weights_.PackAll(); }

  // tokens [batch, T + 1]: cut into items of the context's sequences, the last one shorter where they do not divide.
  // context_only: [batch, T], positions that are not scored; empty: all are.
  Outcome Train(const std::vector<uint32_t>& tokens, float lambda, const DropoutMask& dropout = {},
                const std::vector<bool>& context_only = {}) {
    const size_t length = weights_.shape().context, batch = tokens.size() / (length + 1);
    const auto scored =
        batch * length - static_cast<size_t>(std::count(context_only.begin(), context_only.end(), true));
    std::fill(accumulator_.values().begin(), accumulator_.values().end(), 0);
    Outcome outcome;
    for (size_t first = 0; first < batch; first += context_.sequences()) {
      const size_t sequences = std::min(context_.sequences(), batch - first);
      Fill(tokens.data() + first * (length + 1), sequences);
      for (size_t i = 0; i < sequences * length && !context_only.empty(); ++i) {
        if (context_only[first * length + i]) context_.targets[i] = kNoTarget;
      }
      GradientSink sink{.accumulator = &accumulator_, .scale = 1.0f / static_cast<float>(scored)};
      transformer_.Train(context_, sequences, lambda, dropout, outcome.sums, sink);
      if (!sink.in_range) outcome.bad_grid = sink.bad_grid;
      outcome.in_range &= sink.in_range;
    }
    outcome.fixed.assign(accumulator_.values().begin(), accumulator_.values().end());
    for (const int64_t value : outcome.fixed) outcome.gradient.push_back(static_cast<double>(value) * 0x1p-40);
    return outcome;
  }

  // The first `positions` positions of one sequence [T + 1].
  LossSums Evaluate(const std::vector<uint32_t>& tokens, size_t positions, size_t first_counted) {
    Fill(tokens.data(), 1);
    LossSums sums;
    transformer_.Evaluate(context_, positions, first_counted, sums);
    return sums;
  }

  const ParameterLayout& layout() const { return weights_.layout(); }
  Parameters& parameters() { return weights_.parameters(); }

 private:
  void Fill(const uint32_t* tokens, size_t sequences) {
    const size_t length = weights_.shape().context;
    for (size_t s = 0; s < sequences; ++s) {
      std::copy_n(tokens + s * (length + 1), length, context_.inputs.data() + s * length);
      std::copy_n(tokens + s * (length + 1) + 1, length, context_.targets.data() + s * length);
    }
  }

  Weights weights_;
  Transformer transformer_;
  TrainingContext context_;
  ExactAccumulator accumulator_;
};

}  // namespace cllm
