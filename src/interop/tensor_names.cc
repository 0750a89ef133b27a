#include "interop/tensor_names.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace cllm {
namespace {

// The names of a layer's tensor after "blk.N." and "model.layers.N.", and before ".weight".
struct LayerName {
  std::string_view gguf, hugging_face;
};
constexpr LayerName kAttentionNorm = {"attn_norm", "input_layernorm"}, kQuery = {"attn_q", "self_attn.q_proj"},
                    kKey = {"attn_k", "self_attn.k_proj"}, kValue = {"attn_v", "self_attn.v_proj"},
                    kAttentionOutput = {"attn_output", "self_attn.o_proj"},
                    kFfnNorm = {"ffn_norm", "post_attention_layernorm"}, kGate = {"ffn_gate", "mlp.gate_proj"},
                    kUp = {"ffn_up", "mlp.up_proj"}, kDown = {"ffn_down", "mlp.down_proj"};

class Parts {
 public:
  explicit Parts(const ParameterLayout& layout) : layout_(layout) {}

  void Whole(std::string gguf, std::string hugging_face, const TensorInfo& info) {
    parts_.push_back({.gguf = std::move(gguf),
                      .hugging_face = std::move(hugging_face),
                      .tensor = info.index,
                      .first_row = 0,
                      .rows = info.rows,
                      .columns = info.columns,
                      .is_norm = info.is_norm()});
  }

  void Layer(size_t layer) {
    layer_ = layer;
    const ModelShape& shape = layout_.shape();
    const size_t queries = shape.query_width(), keys = shape.kv_width();
    const TensorInfo &qkv = layout_.query_key_value(layer), &gate_up = layout_.gate_up(layer);
    All(kAttentionNorm, layout_.attention_norm(layer));
    Rows(kQuery, qkv, 0, queries, shape.head_dim);
    Rows(kKey, qkv, queries, keys, shape.head_dim);
    Rows(kValue, qkv, queries + keys, keys);
    All(kAttentionOutput, layout_.attention_output(layer));
    All(kFfnNorm, layout_.ffn_norm(layer));
    Rows(kGate, gate_up, 0, shape.hidden);
    Rows(kUp, gate_up, shape.hidden, shape.hidden);
    All(kDown, layout_.down(layer));
  }

  std::vector<TensorPart> Take() && { return std::move(parts_); }

 private:
  void All(const LayerName& name, const TensorInfo& info) { Rows(name, info, 0, info.rows); }

  void Rows(const LayerName& name, const TensorInfo& info, size_t first_row, size_t rows, size_t head_dim = 0) {
    parts_.push_back({.gguf = fmt::format("blk.{}.{}.weight", layer_, name.gguf),
                      .hugging_face = fmt::format("model.layers.{}.{}.weight", layer_, name.hugging_face),
                      .tensor = info.index,
                      .first_row = first_row,
                      .rows = rows,
                      .columns = info.columns,
                      .head_dim = head_dim,
                      .is_norm = info.is_norm()});
  }

  const ParameterLayout& layout_;
  size_t layer_ = 0;
  std::vector<TensorPart> parts_;
};

}  // namespace

std::vector<TensorPart> TensorParts(const ParameterLayout& layout) {
  Parts parts(layout);
  parts.Whole("token_embd.weight", "model.embed_tokens.weight", layout.embedding());
  for (size_t layer = 0; layer < layout.shape().layers; ++layer) parts.Layer(layer);
  parts.Whole("output_norm.weight", "model.norm.weight", layout.final_norm());
  if (layout.shape().untied) parts.Whole("output.weight", "lm_head.weight", layout.head());
  return std::move(parts).Take();
}

size_t RowOfHuggingFace(const TensorPart& part, size_t row) {
  if (part.head_dim == 0) return row;
  const size_t half = part.head_dim / 2, head = row / part.head_dim, place = row % part.head_dim;
  return head * part.head_dim + (place < half ? 2 * place : 2 * (place - half) + 1);
}

size_t RowInHuggingFace(const TensorPart& part, size_t row) {
  if (part.head_dim == 0) return row;
  const size_t half = part.head_dim / 2, head = row / part.head_dim, place = row % part.head_dim;
  return head * part.head_dim + place / 2 + (place % 2 == 0 ? 0 : half);
}

}  // namespace cllm
