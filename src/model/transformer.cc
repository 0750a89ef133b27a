#include "model/transformer.h"

#include <cstring>

#include "base/check.h"
#include "model/layer_backward.h"
#include "nn/attention.h"
#include "nn/embedding.h"

namespace cllm {
namespace {

// Attention over the keys and values of the rows themselves: segments are whole sequences.
class OwnRows final : public AttentionSource {
 public:
  OwnRows(const ModelShape& shape, TrainingContext& context) : shape_(shape), context_(context) {}

  void Attend(const AttentionRows& rows) override {
    const RowSegment& segment = context_.segments[rows.segment];
    const size_t group = shape_.heads / shape_.kv_heads;
    float* log_sum_exp = context_.layers[rows.layer].log_sum_exp + segment.first_row * shape_.heads +
                         rows.kv_head * group * segment.rows;
    AttentionForward({.queries = segment.rows, .heads = group, .head_dim = shape_.head_dim, .kv_heads = 1},
                     {rows.q, rows.stride, rows.k, rows.stride, rows.v, rows.stride},
                     {rows.out, rows.out_stride, log_sum_exp}, context_.block);
  }

 private:
  const ModelShape& shape_;
  TrainingContext& context_;
};

LayerBuffers BuffersOf(const TrainingContext& ctx, size_t i) {
  const TrainingContext::Layer& layer = ctx.layers[i];
  return {.residual_in = layer.residual_in,
          .normed = ctx.normed,
          .inverse_rms_attention = layer.inverse_rms_attention,
          .qkv = layer.qkv,
          .attention = layer.attention,
          .branch = ctx.branch,
          .residual_mid = layer.residual_mid,
          .inverse_rms_ffn = layer.inverse_rms_ffn,
          .gate_up = layer.gate_up,
          .block = ctx.block,
          .residual_out = i + 1 < ctx.layers.size() ? ctx.layers[i + 1].residual_in : ctx.residual_out};
}

}  // namespace

struct Transformer::Rows {
  size_t sequences, length;  // length: positions of a sequence
  size_t count() const { return sequences * length; }
};

Transformer::Transformer(const Weights& weights, const LossClasses& classes) : weights_(weights), classes_(classes) {
  const size_t vocabulary = weights.shape().vocabulary;
  CHECK(classes.root.size() == vocabulary && classes.form.size() == vocabulary);
}

void Transformer::Evaluate(TrainingContext& context, size_t positions, size_t first_counted, LossSums& sums) const {
  const ModelShape& shape = weights_.shape();
  CHECK(first_counted < positions && positions <= shape.context);
  Forward(context, {1, positions}, {});
  LossForward({.h = context.normed + first_counted * shape.width,
               .width = shape.width,
               .targets = {context.targets.data() + first_counted, positions - first_counted},
               .classes = classes_},
              weights_.forward(weights_.layout().head()), context.block, sums);
}

void Transformer::Train(TrainingContext& context, size_t sequences, float lambda, const DropoutMask& dropout,
                        LossSums& sums, GradientSink& sink) const {
  CHECK(sequences <= context.sequences());
  const Rows rows{sequences, weights_.shape().context};
  const TensorInfo& head = weights_.layout().head();
  sink.tile = context.tile;
  sink.precision = weights_.format().precision();
  Forward(context, rows, dropout);
  LossForwardBackward({.h = context.normed,
                       .width = weights_.shape().width,
                       .targets = {context.targets.data(), rows.count()},
                       .classes = classes_},
                      {.columns = weights_.forward(head),
                       .rows = weights_.backward(head),
                       .grid = head.grid,
                       .lambda = lambda,
                       .d_h = context.d_normed},
                      context.block, sums, sink);
  Backward(context, rows, dropout, sink);
}

void Transformer::Forward(TrainingContext& ctx, const Rows& rows, const DropoutMask& dropout) const {
  for (size_t s = 0; s < rows.sequences; ++s) {
    ctx.segments[s] = {.first_row = s * rows.length, .rows = rows.length, .first_position = 0};
  }
  OwnRows attention(weights_.shape(), ctx);
  const ForwardPass pass{.weights = weights_,
                         .segments = {ctx.segments.data(), rows.sequences},
                         .rows = rows.count(),
                         .attention = attention,
                         .dropout = dropout};
  EmbedTokens(pass, ctx.inputs, ctx.layers[0].residual_in);
  for (size_t layer = 0; layer < ctx.layers.size(); ++layer) LayerForward(pass, layer, BuffersOf(ctx, layer));
  FinalNorm(pass, ctx.residual_out, ctx.normed, ctx.inverse_rms_final);
}

// In: the gradient of the final norm's output in d_normed.
void Transformer::Backward(TrainingContext& ctx, const Rows& rows, const DropoutMask& dropout,
                           GradientSink& sink) const {
  const ParameterLayout& layout = weights_.layout();
  const size_t width = weights_.shape().width, n = rows.count() * width;
  const BackwardPass pass{weights_, ctx, rows.sequences, rows.count(), rows.length, dropout, sink};
  std::memset(ctx.d_residual, 0, n * sizeof(float));
  NormBackward(pass, ctx.residual_out, layout.final_norm(), ctx.inverse_rms_final);
  for (size_t layer = ctx.layers.size(); layer-- > 0 && sink.in_range;) LayerBackward(pass, layer);
  if (!sink.in_range) return;
  // Forward: x0 = E[token]; a tied embedding's gradient is the sum of this and of the head's.
  dropout.Apply(ctx.d_residual, n, DropoutMask::kEmbedding);
  EmbeddingBackward({ctx.inputs.data(), rows.count()}, ctx.d_residual, width, layout.embedding().grid, sink);
}

}  // namespace cllm
