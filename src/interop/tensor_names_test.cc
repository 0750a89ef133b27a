#include "interop/tensor_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace cllm {
namespace {

using testing::ElementsAre;

ModelShape Grouped() {
  return {.layers = 2,
          .heads = 4,
          .width = 12,
          .hidden = 20,
          .context = 8,
          .vocabulary = 300,
          .kv_heads = 2,
          .head_dim = 6,
          .untied = true};
}

TEST(TensorNames, CoverEveryRowOnce) {
  for (const ModelShape& shape : {ModelShape{}, Grouped()}) {
    const ParameterLayout layout(shape);
    std::vector<size_t> rows(layout.tensors().size());
    for (const TensorPart& part : TensorParts(layout)) {
      EXPECT_EQ(part.first_row, rows[part.tensor]) << part.gguf;  // one after the other
      EXPECT_EQ(part.columns, layout.tensors()[part.tensor].columns);
      EXPECT_EQ(part.is_norm, layout.tensors()[part.tensor].is_norm());
      rows[part.tensor] += part.rows;
    }
    for (const TensorInfo& info : layout.tensors()) EXPECT_EQ(rows[info.index], info.rows) << info.name;
  }
}

TEST(TensorNames, AreThoseOfTheFormats) {
  std::vector<std::string> gguf, hugging_face;
  for (const TensorPart& part : TensorParts(ParameterLayout(Grouped()))) {
    EXPECT_LE(part.gguf.size(), 63u);
    gguf.push_back(part.gguf);
    hugging_face.push_back(part.hugging_face);
  }
  gguf.erase(gguf.begin() + 1, gguf.begin() + 10);  // the first layer's
  hugging_face.erase(hugging_face.begin() + 1, hugging_face.begin() + 10);
  EXPECT_THAT(gguf, ElementsAre("token_embd.weight", "blk.1.attn_norm.weight", "blk.1.attn_q.weight",
                                "blk.1.attn_k.weight", "blk.1.attn_v.weight", "blk.1.attn_output.weight",
                                "blk.1.ffn_norm.weight", "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight",
                                "blk.1.ffn_down.weight", "output_norm.weight", "output.weight"));
  EXPECT_THAT(hugging_face,
              ElementsAre("model.embed_tokens.weight", "model.layers.1.input_layernorm.weight",
                          "model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight",
                          "model.layers.1.self_attn.v_proj.weight", "model.layers.1.self_attn.o_proj.weight",
                          "model.layers.1.post_attention_layernorm.weight", "model.layers.1.mlp.gate_proj.weight",
                          "model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight",
                          "model.norm.weight", "lm_head.weight"));
}

TEST(TensorNames, TiedModel_HasNoHead) {
  for (const TensorPart& part : TensorParts(ParameterLayout(ModelShape{}))) EXPECT_NE(part.gguf, "output.weight");
}

// Queries and keys alone, within each head: pair j of ours is at j and j + half in Hugging Face's.
TEST(TensorNames, RotaryRows_ArePermutedWithinHeads) {
  for (const TensorPart& part : TensorParts(ParameterLayout(Grouped()))) {
    const bool rotated = part.gguf.find("attn_q.") != part.gguf.npos || part.gguf.find("attn_k.") != part.gguf.npos;
    EXPECT_EQ(part.head_dim, rotated ? 6u : 0u) << part.gguf;
    std::set<size_t> seen;
    for (size_t row = 0; row < part.rows; ++row) {
      const size_t ours = RowOfHuggingFace(part, row);
      EXPECT_EQ(RowInHuggingFace(part, ours), row);
      EXPECT_EQ(ours / 6, row / 6) << "heads stay apart";
      seen.insert(ours);
      EXPECT_TRUE(rotated || ours == row);
    }
    EXPECT_EQ(seen.size(), part.rows);
    if (!rotated) continue;
    std::vector<size_t> head;
    for (size_t row = 6; row < 12; ++row) head.push_back(RowOfHuggingFace(part, row));
    EXPECT_THAT(head, ElementsAre(6, 8, 10, 7, 9, 11));
  }
}

}  // namespace
}  // namespace cllm
