#include "nn/loss.h"

#include <algorithm>

#include "base/cache_line.h"
#include "kernels/loss_row.h"

namespace cllm {
namespace {

constexpr size_t kMaxBlock = 256;
constexpr size_t kMaxBlockFloats = (size_t{4} << 20) / sizeof(float);

// 2^-32 fixed point of one score; false when it is no usable number.
bool AddScore(float nats, int64_t& sum) {
  if (!(nats > -0x1p10f && nats < 0x1p10f)) return false;
  sum += static_cast<int64_t>(static_cast<double>(nats) * 0x1p32);
  return true;
}

void AddScores(const LossScores& scores, LossSums& sums) {
  sums.finite &= AddScore(scores.token, sums.token) && AddScore(scores.root, sums.root) &&
                 AddScore(scores.form, sums.form);
  ++sums.positions;
}

}  // namespace

size_t LossBlock(size_t vocabulary, size_t positions) {
  return std::clamp<size_t>(kMaxBlockFloats / vocabulary, 1, std::clamp<size_t>(positions, 1, kMaxBlock));
}

size_t LossBackwardScratch(size_t vocabulary, size_t width, size_t positions) {
  return WholeLines(LossScratch(vocabulary, positions)) + InputPanelsSize(LossBlock(vocabulary, positions), width);
}

void LossSums::Add(const LossSums& other) {
  token += other.token;
  root += other.root;
  form += other.form;
  positions += other.positions;
  finite &= other.finite;
}

void LossForward(const float* h, size_t width, std::span<const uint32_t> targets, const Panels& head,
                 const LossClasses& classes, float* scratch, LossSums& sums) {
  const size_t vocabulary = head.columns, block = LossBlock(vocabulary, targets.size());
  for (size_t begin = 0; begin < targets.size(); begin += block) {
    const size_t rows = std::min(block, targets.size() - begin);
    LinearForward(h + begin * width, width, rows, head, scratch, vocabulary);
    for (size_t r = 0; r < rows; ++r) {
      AddScores(LossRowScores(scratch + r * vocabulary, classes.root.data(), classes.form.data(), vocabulary,
                              targets[begin + r]),
                sums);
    }
  }
}

void LossForwardBackward(const float* h, size_t width, std::span<const uint32_t> targets, const LossHead& head,
                         const LossClasses& classes, float lambda, size_t grid, float* d_h, float* scratch,
                         LossSums& sums, GradientSink& sink) {
  const size_t vocabulary = head.columns.columns, block = LossBlock(vocabulary, targets.size());
  for (size_t begin = 0; begin < targets.size(); begin += block) {
    const size_t rows = std::min(block, targets.size() - begin);
    const float* h_block = h + begin * width;
    LinearForward(h_block, width, rows, head.columns, scratch, vocabulary);
    for (size_t r = 0; r < rows; ++r) {
      AddScores(LossRow(scratch + r * vocabulary, classes.root.data(), classes.form.data(), vocabulary,
                        targets[begin + r], lambda, 1.0f),
                sums);
    }
    LinearBackward(scratch, vocabulary, rows, head.rows, d_h + begin * width, width, GemmInto::kOverwrite);
    const Panels input = PackRows(h_block, width, rows, width,
                                  scratch + WholeLines(LossScratch(vocabulary, targets.size())), sink.precision);
    LinearWeightGradient(scratch, vocabulary, input, grid, {0, vocabulary, 0, width}, sink);
  }
}

}  // namespace cllm
