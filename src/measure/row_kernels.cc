#include "measure/row_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/dropout.h"
#include "kernels/fixed_point.h"
#include "kernels/loss_row.h"
#include "kernels/norm.h"
#include "kernels/optimizer.h"
#include "kernels/rope.h"
#include "kernels/softmax.h"
#include "kernels/swiglu.h"
#include "kernels/testing/reference_rows.h"
#include "math/scalar.h"

namespace cllm::measure {
namespace {

// Configuration b: an item's positions, width, hidden width, heads; a context's scores; c's vocabulary.
constexpr size_t kRows = 512, kWidth = 384, kHidden = 1024, kHeads = 6, kHeadDim = 64, kScores = 256,
                 kVocabulary = 4096;
constexpr size_t kWeights = 1 << 20;  // of an update
constexpr float kLambda = 0.1f;

template <typename Number>
using Arrays = std::vector<Number*>;

// A kernel of float arrays and its twin of double arrays. Both get the same inputs and change the same arrays.
struct RowShape {
  const char* name;
  std::vector<size_t> sizes;    // of the arrays
  std::vector<size_t> changed;  // which of them Run changes
  void (*run)(const Arrays<float>& x);
  void (*twin)(const Arrays<double>& x);
  float low = -1;  // inputs lie in [low, 1)
};

// The classes of a token in LossRow.
std::vector<int32_t> Classes(size_t tokens_of_one) {
  std::vector<int32_t> classes(kVocabulary);
  for (size_t v = 0; v < kVocabulary; ++v) classes[v] = static_cast<int32_t>(v / tokens_of_one);
  return classes;
}
const std::vector<int32_t>& Roots() {
  static const std::vector<int32_t> classes = Classes(3);
  return classes;
}
const std::vector<int32_t>& Forms() {
  static const std::vector<int32_t> classes = Classes(160);
  return classes;
}

constexpr AdamW kAdamW{1e-3f, 0.9f, 0.99f, 1e-8f, 1e-4f, 0.1f, 0.01f, 0.5f};
constexpr reference::AdamW kAdamWTwin{1e-3, 0.9, 0.99, 1e-8, 1e-4, 0.1, 0.01, 0.5};

constexpr size_t kMatrix = kRows * kWidth, kGates = kRows * kHidden, kSquare = kScores * kScores;
constexpr size_t kAngles = kRows * kHeadDim / 2, kLogits = 64 * kVocabulary;

std::vector<RowShape> NormAndRope() {
  return {
      {"RMSNorm",
       {kMatrix, kWidth, kMatrix, kRows},
       {2, 3},
       [](const Arrays<float>& x) { RmsNorm(x[0], kWidth, x[1], kRows, kWidth, 1e-5f, x[2], kWidth, x[3]); },
       [](const Arrays<double>& x) {
         reference::RmsNorm(x[0], kWidth, x[1], kRows, kWidth, 1e-5, x[2], kWidth, x[3]);
       }},
      {"RMSNorm backward",
       {kMatrix, kMatrix, kWidth, kRows, kMatrix, kWidth},
       {4, 5},
       [](const Arrays<float>& x) {
         RmsNormBackward(x[0], kWidth, x[1], kWidth, x[2], x[3], kRows, kWidth, x[4], kWidth, x[5]);
       },
       [](const Arrays<double>& x) {
         reference::RmsNormBackward(x[0], kWidth, x[1], kWidth, x[2], x[3], kRows, kWidth, x[4], kWidth, x[5]);
       }},
      {"RoPE",
       {kMatrix, kAngles, kAngles},
       {0},
       [](const Arrays<float>& x) { Rope(x[0], kWidth, kRows, kHeads, kHeadDim, 0, x[1], x[2]); },
       [](const Arrays<double>& x) { reference::Rope(x[0], kWidth, kRows, kHeads, kHeadDim, 0, x[1], x[2]); }},
  };
}

std::vector<RowShape> Activations() {
  return {
      {"SwiGLU",
       {kGates, kGates, kGates},
       {2},
       [](const Arrays<float>& x) { SwiGlu(x[0], x[1], kHidden, kRows, kHidden, x[2], kHidden); },
       [](const Arrays<double>& x) { reference::SwiGlu(x[0], x[1], kHidden, kRows, kHidden, x[2], kHidden); }},
      {"SwiGLU backward",
       {kGates, kGates, kGates},
       {0, 1, 2},
       [](const Arrays<float>& x) { SwiGluBackward(x[0], kHidden, x[1], x[2], kHidden, kRows, kHidden); },
       [](const Arrays<double>& x) { reference::SwiGluBackward(x[0], kHidden, x[1], x[2], kHidden, kRows, kHidden); }},
      {"softmax",
       {kSquare},
       {0},
       [](const Arrays<float>& x) {
         for (size_t t = 0; t < kScores; ++t) SoftmaxRow(x[0] + t * kScores, kScores, kScores, 0.125f);
       },
       [](const Arrays<double>& x) {
         for (size_t t = 0; t < kScores; ++t) reference::SoftmaxRow(x[0] + t * kScores, kScores, kScores, 0.125);
       }},
      {"softmax backward",
       {kSquare, kSquare},
       {1},
       [](const Arrays<float>& x) {
         for (size_t t = 0; t < kSquare; t += kScores) {
           SoftmaxRowBackward(x[0] + t, x[1] + t, kScores, kScores, 0.125f, 0.25f);
         }
       },
       [](const Arrays<double>& x) {
         for (size_t t = 0; t < kSquare; t += kScores) {
           reference::SoftmaxRowBackward(x[0] + t, x[1] + t, kScores, kScores, 0.125, 0.25);
         }
       }},
      {"crystalline loss",
       {kLogits},
       {0},
       [](const Arrays<float>& x) {
         for (size_t t = 0; t < kLogits; t += kVocabulary) {
           LossRow(x[0] + t, Roots().data(), Forms().data(), kVocabulary, t / 64, kLambda, 1);
         }
       },
       [](const Arrays<double>& x) {
         for (size_t t = 0; t < kLogits; t += kVocabulary) {
           reference::LossRow(x[0] + t, Roots().data(), Forms().data(), kVocabulary, t / 64,
                              static_cast<double>(kLambda), 1);
         }
       }},
      {"dropout",
       {kMatrix},
       {0},
       [](const Arrays<float>& x) { Dropout(x[0], kMatrix, 0.25f, 7, 0); },
       [](const Arrays<double>& x) { reference::Dropout(x[0], kMatrix, 0.25, 7, 0); }},
  };
}

std::vector<RowShape> Updates() {
  return {
      {"AdamW",
       {kWeights, kWeights, kWeights, kWeights},
       {0, 1, 2},
       [](const Arrays<float>& x) { AdamWUpdate(kAdamW, x[0], x[1], x[2], x[3], kWeights); },
       [](const Arrays<double>& x) { reference::AdamWUpdate(kAdamWTwin, x[0], x[1], x[2], x[3], kWeights); },
       0.01f},
      {"Muon momentum",
       {kWeights, kWeights, kWeights},
       {0, 2},
       [](const Arrays<float>& x) { MuonMomentum(0.95f, 0.5f, x[0], x[1], x[2], kWeights); },
       [](const Arrays<double>& x) { reference::MuonMomentum(0.95, 0.5, x[0], x[1], x[2], kWeights); }},
      {"Muon apply",
       {kWeights, kWeights},
       {0},
       [](const Arrays<float>& x) { MuonApply(1e-2f, 1e-3f, x[0], x[1], kWeights); },
       [](const Arrays<double>& x) { reference::MuonApply(1e-2, 1e-3, x[0], x[1], kWeights); }},
  };
}

class RowKernel : public Kernel {
 public:
  explicit RowKernel(RowShape shape) : shape_(std::move(shape)) {
    for (size_t i = 0; i < shape_.sizes.size(); ++i) {
      AlignedBuffer<float> values(shape_.sizes[i]);
      for (size_t j = 0; j < values.size(); ++j) {
        values[j] = shape_.low + (1 - shape_.low) * UnitFloat(RandomBits(i, j));
      }
      initial_.emplace_back(values.span().begin(), values.span().end());
      arrays_.push_back(std::move(values));
      pointers_.push_back(arrays_.back().data());
    }
  }

  void Run() override { shape_.run(pointers_); }

  void Restore() override {
    for (const size_t i : shape_.changed) std::copy(initial_[i].begin(), initial_[i].end(), pointers_[i]);
  }

  // Each array within 2^-16 of its largest magnitude: sums of 512 terms in float err by 2^-15 of it at the very worst.
  Status Check() override {
    Restore();
    Run();
    std::vector<std::vector<double>> twins;
    Arrays<double> pointers;
    for (const auto& values : initial_) pointers.push_back(twins.emplace_back(values.begin(), values.end()).data());
    shape_.twin(pointers);
    for (const size_t i : shape_.changed) {
      double largest = 0;
      for (const double value : twins[i]) largest = std::max(largest, math::Abs(value));
      for (size_t j = 0; j < twins[i].size(); ++j) {
        const double found = static_cast<double>(pointers_[i][j]);
        if (math::Abs(found - twins[i][j]) <= 0x1p-16 * largest) continue;
        return Failed(fmt::format("element {} of array {} is {}, expected {}", j, i, found, twins[i][j]));
      }
    }
    return {};
  }

  double flop() const override { return 0; }
  // An array that is changed counts once: where it was not read, its cache lines were.
  double bytes() const override {
    return static_cast<double>(std::accumulate(shape_.sizes.begin(), shape_.sizes.end(), size_t{0}) * sizeof(float));
  }
  std::string size() const override { return fmt::format("{} floats", shape_.sizes.front()); }

 private:
  RowShape shape_;
  std::vector<std::vector<float>> initial_;
  std::vector<AlignedBuffer<float>> arrays_;
  Arrays<float> pointers_;
};

// The way of a gradient tile into the exact accumulator, which holds integers: checked for equality.
class AccumulateKernel : public Kernel {
 public:
  AccumulateKernel() : accumulator_(kTile), gradient_(kTile) {
    for (size_t i = 0; i < kTile; ++i) gradient_[i] = 2 * UnitFloat(RandomBits(3, i)) - 1;
  }
  void Run() override { in_range_ = AccumulateFixed(accumulator_.data(), gradient_.data(), kScale, kTile); }
  void Restore() override { std::fill(accumulator_.span().begin(), accumulator_.span().end(), int64_t{0}); }
  Status Check() override {
    Restore();
    Run();
    if (!in_range_) return Failed("a gradient below 1 is said to be out of range");
    for (size_t i = 0; i < kTile; ++i) {
      const double exact = static_cast<double>(gradient_[i] * kScale) * 0x1p40;
      // The nearest whole number, halves to even: adding and taking away 1.5 * 2^52.
      const auto expected = static_cast<int64_t>((exact + 0x1.8p52) - 0x1.8p52);
      if (accumulator_[i] == expected) continue;
      return Failed(fmt::format("element {} is {}, expected {}", i, accumulator_[i], expected));
    }
    return {};
  }
  double flop() const override { return 0; }
  double bytes() const override { return static_cast<double>(kTile * (sizeof(float) + sizeof(int64_t))); }
  std::string size() const override { return fmt::format("{} floats", kTile); }

 private:
  static constexpr size_t kTile = 16384;
  static constexpr float kScale = 1.0f / 4096;
  AlignedBuffer<int64_t> accumulator_;
  AlignedBuffer<float> gradient_;
  bool in_range_ = false;
};

}  // namespace

std::vector<KernelSpec> RowKernels() {
  std::vector<KernelSpec> specs;
  for (auto group : {NormAndRope, Activations, Updates}) {
    for (RowShape& shape : group()) {
      const std::string name = shape.name;
      specs.push_back({name, [shape = std::move(shape)] { return std::make_unique<RowKernel>(shape); }});
    }
  }
  specs.push_back({"exact accumulation", [] { return std::make_unique<AccumulateKernel>(); }});
  return specs;
}

}  // namespace cllm::measure
