#include "model/transformer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "kernels/rows.h"
#include "nn/attention.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"

namespace cllm {
namespace {

// Grids in order: embedding; per layer the seven below; final norm.
constexpr size_t kEmbeddingGrid = 0;
constexpr size_t kGridsPerLayer = 7;
enum LayerGrid : size_t { kAttentionNorm, kQueryKeyValue, kAttentionOutput, kFfnNorm, kGate, kUp, kDown };

size_t Grid(size_t layer, LayerGrid which) { return 1 + layer * kGridsPerLayer + which; }
size_t FinalNormGrid(size_t layers) { return 1 + layers * kGridsPerLayer; }

// Tensor indices of ParameterLayout.
size_t Tensor(size_t layer, size_t which) { return 1 + 6 * layer + which; }

TileGrid WholeRows(size_t offset, size_t rows, size_t columns) {
  return {offset, rows, columns, std::clamp<size_t>(TileRows(columns), 1, rows), columns};
}

// Whole rows, or blocks of them where few rows would fit: a tile of few rows reads much of x for each of them.
TileGrid Blocks(size_t offset, size_t rows, size_t columns) {
  constexpr size_t kFewRows = 36, kBlockColumns = 256;
  if (TileRows(columns) >= kFewRows) return WholeRows(offset, rows, columns);
  return {offset, rows, columns, TileRows(kBlockColumns), kBlockColumns};
}

// The feed-forward's gradients leave by hidden blocks, so tile rows divide kHiddenBlock.
TileGrid HiddenBlocks(size_t offset, size_t rows, size_t columns) {
  TileGrid grid = Blocks(offset, rows, columns);
  while (grid.tile_rows < rows && kHiddenBlock % grid.tile_rows != 0) grid.tile_rows -= kRegisterRows;
  return grid;
}

}  // namespace

struct Transformer::Pass {
  TrainingContext& context;
  size_t sequences;
  size_t positions;  // sequences * length
  size_t length;     // positions of a sequence
  float dropout_rate;
  uint64_t dropout_key;

  bool drops() const { return dropout_rate > 0; }
};

Transformer::Transformer(const ModelConfig& config, const Parameters& parameters, const PackedWeights& packed,
                         const LossClasses& classes)
    : config_(config),
      parameters_(parameters),
      packed_(packed),
      classes_(classes),
      rope_(config.context, config.head_dim()) {
  CHECK(classes.root.size() == config.vocabulary && classes.form.size() == config.vocabulary);
}

std::vector<TileGrid> Transformer::Grids(const ModelConfig& c) {
  const ParameterLayout layout(c);
  std::vector<TileGrid> grids = {WholeRows(layout.embedding().offset, c.vocabulary, c.width)};
  for (size_t i = 0; i < c.layers; ++i) {
    const size_t gate_up = layout.gate_up(i).offset;
    grids.push_back(WholeRows(layout.attention_norm(i).offset, 1, c.width));
    grids.push_back(Blocks(layout.query_key_value(i).offset, 3 * c.width, c.width));
    grids.push_back(Blocks(layout.attention_output(i).offset, c.width, c.width));
    grids.push_back(WholeRows(layout.ffn_norm(i).offset, 1, c.width));
    grids.push_back(HiddenBlocks(gate_up, c.hidden, c.width));
    grids.push_back(HiddenBlocks(gate_up + c.hidden * c.width, c.hidden, c.width));
    grids.push_back(
        {layout.down(i).offset, c.width, c.hidden, std::min(c.width, TileRows(kHiddenBlock)), kHiddenBlock});
  }
  grids.push_back(WholeRows(layout.final_norm().offset, 1, c.width));
  return grids;
}

std::string Transformer::GridName(const ModelConfig& config, size_t grid) {
  static constexpr const char* kNames[] = {"attention_norm", "query_key_value", "attention_output", "ffn_norm",
                                           "gate_up",        "gate_up",         "down"};
  if (grid == kEmbeddingGrid) return "embedding";
  if (grid == FinalNormGrid(config.layers)) return "final_norm";
  return fmt::format("layers.{}.{}", (grid - 1) / kGridsPerLayer, kNames[(grid - 1) % kGridsPerLayer]);
}

void Transformer::Evaluate(TrainingContext& context, size_t positions, size_t first_counted, LossSums& sums) const {
  CHECK(first_counted < positions && positions <= config_.context);
  Forward({context, 1, positions, positions, 0, 0});
  LossForward(context.normed + first_counted * config_.width, config_.width,
              {context.targets.data() + first_counted, positions - first_counted}, packed_.forward(0), classes_,
              context.block, sums);
}

void Transformer::Train(TrainingContext& context, size_t sequences, float lambda, const Dropout& dropout,
                        LossSums& sums, GradientSink& sink) const {
  CHECK(sequences <= context.sequences());
  const size_t positions = sequences * config_.context;
  const Pass pass{context, sequences, positions, config_.context, dropout.rate, dropout.key};
  sink.tile = context.tile;
  sink.precision = packed_.precision();
  Forward(pass);
  LossForwardBackward(context.normed, config_.width, {context.targets.data(), positions},
                      {.columns = packed_.forward(0), .rows = packed_.backward(0)}, classes_, lambda, kEmbeddingGrid,
                      context.d_normed, context.block, sums, sink);
  Backward(pass, sink);
}

void Transformer::Forward(const Pass& pass) const {
  TrainingContext& ctx = pass.context;
  EmbeddingForward({ctx.inputs.data(), pass.positions}, parameters_.data(), config_.width, ctx.layers[0].residual_in);
  if (pass.drops()) {
    cllm::Dropout(ctx.layers[0].residual_in, pass.positions * config_.width, pass.dropout_rate,
                  SubKey(pass.dropout_key, 0), 0);
  }
  for (size_t layer = 0; layer < config_.layers; ++layer) {
    AttentionPart(pass, layer);
    FeedForwardPart(pass, layer);
  }
  RmsNorm(ctx.residual_out, config_.width, Weight(parameters_.layout().final_norm()), pass.positions, config_.width,
          kNormEps, ctx.normed, config_.width, ctx.inverse_rms_final);
}

void Transformer::AttentionPart(const Pass& pass, size_t i) const {
  TrainingContext& ctx = pass.context;
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = config_.width, stride = 3 * width, n = pass.positions;
  RmsNorm(layer.residual_in, width, Weight(parameters_.layout().attention_norm(i)), n, width, kNormEps, ctx.normed,
          width, layer.inverse_rms_attention);
  LinearForward(ctx.normed, width, n, packed_.forward(Tensor(i, 1)), layer.qkv, stride);
  for (size_t s = 0; s < pass.sequences; ++s) {
    const size_t first = s * pass.length;
    float* qkv = layer.qkv + first * stride;
    for (float* part : {qkv, qkv + width}) {
      Rope(part, stride, pass.length, config_.heads, config_.head_dim(), 0, rope_.cosines(), rope_.sines());
    }
    AttentionForward({.queries = pass.length, .heads = config_.heads, .head_dim = config_.head_dim()},
                     {qkv, stride, qkv + width, stride, qkv + 2 * width, stride}, layer.attention + first * width, width,
                     layer.log_sum_exp + first * config_.heads, ctx.block);
  }
  LinearForward(layer.attention, width, n, packed_.forward(Tensor(i, 2)), ctx.branch, width);
  AddBranch(pass, 1 + 2 * i, layer.residual_in, layer.residual_mid);
}

void Transformer::FeedForwardPart(const Pass& pass, size_t i) const {
  TrainingContext& ctx = pass.context;
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = config_.width;
  RmsNorm(layer.residual_mid, width, Weight(parameters_.layout().ffn_norm(i)), pass.positions, width, kNormEps,
          ctx.normed, width, layer.inverse_rms_ffn);
  FeedForward({pass.positions, width, config_.hidden}, ctx.normed,
              {.gate_up = packed_.forward(Tensor(i, 4)), .down = packed_.forward(Tensor(i, 5))}, layer.gate_up,
              ctx.branch, ctx.block);
  float* out = i + 1 < config_.layers ? ctx.layers[i + 1].residual_in : ctx.residual_out;
  AddBranch(pass, 2 + 2 * i, layer.residual_mid, out);
}

void Transformer::AddBranch(const Pass& pass, uint64_t site, const float* residual, float* out) const {
  const size_t n = pass.positions * config_.width;
  if (pass.drops()) cllm::Dropout(pass.context.branch, n, pass.dropout_rate, SubKey(pass.dropout_key, site), 0);
  std::memcpy(out, residual, n * sizeof(float));
  AddTo(out, pass.context.branch, n);
}

// In: the gradient of the final norm's output in d_normed.
void Transformer::Backward(const Pass& pass, GradientSink& sink) const {
  TrainingContext& ctx = pass.context;
  const size_t n = pass.positions * config_.width;
  std::memset(ctx.d_residual, 0, n * sizeof(float));
  NormBackward(pass, ctx.residual_out, parameters_.layout().final_norm(), ctx.inverse_rms_final,
               FinalNormGrid(config_.layers), sink);
  for (size_t layer = config_.layers; layer-- > 0 && sink.in_range;) {
    FeedForwardPartBackward(pass, layer, sink);
    AttentionPartBackward(pass, layer, sink);
  }
  if (!sink.in_range) return;
  if (pass.drops()) cllm::Dropout(ctx.d_residual, n, pass.dropout_rate, SubKey(pass.dropout_key, 0), 0);
  EmbeddingBackward({ctx.inputs.data(), pass.positions}, ctx.d_residual, config_.width, kEmbeddingGrid, sink);
}

// d_normed -> adds to d_residual; the norm's weight gradient goes to the sink.
void Transformer::NormBackward(const Pass& pass, const float* x, const TensorInfo& weight, const float* inverse_rms,
                               size_t grid, GradientSink& sink) const {
  TrainingContext& ctx = pass.context;
  const size_t width = config_.width;
  std::memset(ctx.d_norm_weight, 0, width * sizeof(float));
  RmsNormBackward(ctx.d_normed, width, x, width, Weight(weight), inverse_rms, pass.positions, width, ctx.d_residual,
                  width, ctx.d_norm_weight);
  VectorGradient(ctx.d_norm_weight, grid, sink);
}

void Transformer::FeedForwardPartBackward(const Pass& pass, size_t i, GradientSink& sink) const {
  TrainingContext& ctx = pass.context;
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = config_.width, n = pass.positions;
  const TensorInfo& norm = parameters_.layout().ffn_norm(i);
  RmsNormApply(layer.residual_mid, width, Weight(norm), layer.inverse_rms_ffn, n, width, ctx.normed, width);
  const float* d_branch = ctx.d_residual;
  if (pass.drops()) {
    std::memcpy(ctx.branch, ctx.d_residual, n * width * sizeof(float));
    cllm::Dropout(ctx.branch, n * width, pass.dropout_rate, SubKey(pass.dropout_key, 2 + 2 * i), 0);
    d_branch = ctx.branch;
  }
  FeedForwardBackward({n, width, config_.hidden}, d_branch, ctx.normed,
                      {.gate_up = packed_.backward(Tensor(i, 4)), .down = packed_.backward(Tensor(i, 5))},
                      {Grid(i, kGate), Grid(i, kUp), Grid(i, kDown)}, layer.gate_up, ctx.d_normed, ctx.block, sink);
  NormBackward(pass, layer.residual_mid, norm, layer.inverse_rms_ffn, Grid(i, kFfnNorm), sink);
}

void Transformer::AttentionPartBackward(const Pass& pass, size_t i, GradientSink& sink) const {
  TrainingContext& ctx = pass.context;
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = config_.width, stride = 3 * width, n = pass.positions;
  const float* d_branch = ctx.d_residual;
  if (pass.drops()) {
    std::memcpy(ctx.branch, ctx.d_residual, n * width * sizeof(float));
    cllm::Dropout(ctx.branch, n * width, pass.dropout_rate, SubKey(pass.dropout_key, 1 + 2 * i), 0);
    d_branch = ctx.branch;
  }
  LinearWeightGradient(d_branch, width, PackRows(layer.attention, width, n, width, ctx.block, sink.precision),
                       Grid(i, kAttentionOutput), {0, width, 0, width}, sink);
  float* d_attention = ctx.d_normed;
  LinearBackward(d_branch, width, n, packed_.backward(Tensor(i, 2)), d_attention, width, GemmInto::kOverwrite);
  for (size_t s = 0; s < pass.sequences; ++s) {
    const size_t first = s * pass.length;
    float* qkv = layer.qkv + first * stride;
    AttentionBackward({.queries = pass.length, .heads = config_.heads, .head_dim = config_.head_dim()},
                      {qkv, qkv + width, qkv + 2 * width, stride}, layer.attention + first * width,
                      d_attention + first * width, width, layer.log_sum_exp + first * config_.heads, ctx.block);
    for (float* part : {qkv, qkv + width}) {
      RopeBackward(part, stride, pass.length, config_.heads, config_.head_dim(), 0, rope_.cosines(), rope_.sines());
    }
  }
  const TensorInfo& norm = parameters_.layout().attention_norm(i);
  RmsNormApply(layer.residual_in, width, Weight(norm), layer.inverse_rms_attention, n, width, ctx.normed, width);
  LinearWeightGradient(layer.qkv, stride, PackRows(ctx.normed, width, n, width, ctx.block, sink.precision),
                       Grid(i, kQueryKeyValue), {0, 3 * width, 0, width}, sink);
  LinearBackward(layer.qkv, stride, n, packed_.backward(Tensor(i, 1)), ctx.d_normed, width, GemmInto::kOverwrite);
  NormBackward(pass, layer.residual_in, norm, layer.inverse_rms_attention, Grid(i, kAttentionNorm), sink);
}

}  // namespace cllm
