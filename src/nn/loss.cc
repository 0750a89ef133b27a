#include "nn/loss.h"

#include <algorithm>

#include "base/cache_line.h"
#include "kernels/loss_row.h"

namespace cllm {
namespace {

constexpr size_t kMaxBlock = 256;
constexpr size_t kMaxBlockFloats = (size_t{4} << 20) / sizeof(float);

// 2^-32 fixed point of one score; false when it is not a usable number.
bool AddScore(float nats, Int128& sum) {
  if (!(nats > -0x1p10f && nats < 0x1p10f)) return false;
  sum += static_cast<int64_t>(static_cast<double>(nats) * 0x1p32);
  return true;
}

void AddScores(const LossScores& scores, LossSums& sums) {
  sums.finite &= AddScore(scores.token, sums.token) && AddScore(scores.root, sums.root) &&
                 AddScore(scores.form, sums.form);
  ++sums.positions;
}

// The targets of the block from `begin` on.
struct Block {
  size_t begin, rows;
  std::span<const uint32_t> targets;
  bool scored;  // any of it

  Block(std::span<const uint32_t> all, size_t from, size_t most)
      : begin(from),
        rows(std::min(most, all.size() - from)),
        targets(all.subspan(from, rows)),
        scored(std::ranges::any_of(targets, [](uint32_t target) { return target != kNoTarget; })) {}
};

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

void LossForward(const LossInputs& in, const Panels& head, float* scratch, LossSums& sums) {
  const size_t vocabulary = head.columns, block = LossBlock(vocabulary, in.targets.size());
  for (size_t begin = 0; begin < in.targets.size(); begin += block) {
    const Block part(in.targets, begin, block);
    if (!part.scored) continue;
    LinearForward(in.h + begin * in.width, in.width, part.rows, head, scratch, vocabulary);
    for (size_t r = 0; r < part.rows; ++r) {
      if (part.targets[r] == kNoTarget) continue;
      AddScores(LossRowScores(scratch + r * vocabulary, in.classes.root.data(), in.classes.form.data(), vocabulary,
                              part.targets[r]),
                sums);
    }
  }
}

// Forward: logits = h W^T. d_logits replaces the logits, block by block; d_h = d_logits W, d_W = d_logits^T h.
void LossForwardBackward(const LossInputs& in, const LossHead& head, float* scratch, LossSums& sums,
                         GradientSink& sink) {
  const size_t vocabulary = head.columns.columns, width = in.width, block = LossBlock(vocabulary, in.targets.size());
  for (size_t begin = 0; begin < in.targets.size(); begin += block) {
    const Block part(in.targets, begin, block);
    const size_t rows = part.rows;
    const float* h = in.h + begin * width;
    if (!part.scored) {
      std::fill_n(head.d_h + begin * width, rows * width, 0.0f);
      continue;
    }
    LinearForward(h, width, rows, head.columns, scratch, vocabulary);
    for (size_t r = 0; r < rows; ++r) {
      if (part.targets[r] == kNoTarget) {
        std::fill_n(scratch + r * vocabulary, vocabulary, 0.0f);
        continue;
      }
      AddScores(LossRow(scratch + r * vocabulary, in.classes.root.data(), in.classes.form.data(), vocabulary,
                        part.targets[r], head.lambda, 1.0f),
                sums);
    }
    LinearBackward(scratch, vocabulary, rows, head.rows, head.d_h + begin * width, width, GemmInto::kOverwrite);
    const Panels input = PackRows(h, width, rows, width,
                                  scratch + WholeLines(LossScratch(vocabulary, in.targets.size())), sink.precision);
    LinearWeightGradient(scratch, vocabulary, input, head.grid, {0, vocabulary, 0, width}, sink);
  }
}

}  // namespace cllm
