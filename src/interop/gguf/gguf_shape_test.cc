#include "interop/gguf/gguf_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "interop/testing/gguf_bytes.h"

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint32_t kFloat = 6;  // the kind of a key

std::string FloatKey(std::string_view key, float value) { return GgufKey(key, kFloat, LittleEndian(value)); }

// A model of 5 tokens and width 8, all that a file must say of it.
std::vector<std::string> Keys() {
  return {GgufKey("general.architecture", "llama"),
          GgufKey("llama.context_length", 64),
          GgufKey("llama.embedding_length", 8),
          GgufKey("llama.block_count", 3),
          GgufKey("llama.feed_forward_length", 24),
          GgufKey("llama.attention.head_count", 2),
          FloatKey("llama.attention.layer_norm_rms_epsilon", 1e-6f)};
}

Result<ModelShape> ShapeOf(std::vector<std::string> keys, std::vector<std::string>& notes, bool head = false,
                           const std::vector<float>& rope_divisors = {}) {
  const uint64_t bytes = 5 * 8 * sizeof(float);
  std::vector<std::string> tensors = {GgufTensorEntry("token_embd.weight", {8, 5}, 0, 0)};
  std::string data(bytes, 'x');
  if (head) {
    tensors.push_back(GgufTensorEntry("output.weight", {8, 5}, 0, data.size()));
    data.append(bytes, 'x');
  }
  if (!rope_divisors.empty()) {
    tensors.push_back(GgufTensorEntry("rope_freqs.weight", {rope_divisors.size()}, 0, data.size()));
    for (const float divisor : rope_divisors) data += LittleEndian(divisor);
    data.resize((data.size() + 31) / 32 * 32);
  }
  const std::string file = GgufBytes({.keys = std::move(keys), .tensors = tensors, .data = data});
  const Result<Gguf> parsed = Gguf::Parse(AsBytes(file), "file");
  return parsed.ok() ? GgufShape(*parsed, notes) : Result<ModelShape>(parsed.status());
}

std::string FaultOf(const std::vector<std::string>& keys) {
  std::vector<std::string> notes;
  const Result<ModelShape> shape = ShapeOf(keys, notes);
  return shape.ok() ? "accepted" : shape.status().message();
}

std::string FaultWith(const std::string& key) {
  std::vector<std::string> keys = Keys();
  keys.push_back(key);
  return FaultOf(keys);
}

TEST(GgufShape, WhatIsMissing_FollowsFromTheRest) {
  std::vector<std::string> notes;
  const Result<ModelShape> shape = ShapeOf(Keys(), notes);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(*shape, (ModelShape{.layers = 3, .heads = 2, .width = 8, .hidden = 24, .context = 64, .vocabulary = 5,
                                .norm_eps = 1e-6}));
  EXPECT_THAT(notes, IsEmpty());
}

TEST(GgufShape, WhatIsSaid_IsTaken) {
  std::vector<std::string> keys = Keys(), notes;
  keys.push_back(GgufKey("llama.attention.head_count_kv", 1));
  keys.push_back(GgufKey("llama.attention.key_length", 6));
  keys.push_back(GgufKey("llama.attention.value_length", 6));
  keys.push_back(GgufKey("llama.rope.dimension_count", 6));
  keys.push_back(FloatKey("llama.rope.freq_base", 500000));
  keys.push_back(GgufKey("llama.rope.scaling.type", "none"));
  keys.push_back(GgufKey("llama.expert_count", 0));
  const Result<ModelShape> shape = ShapeOf(keys, notes, true);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(*shape, (ModelShape{.layers = 3, .heads = 2, .width = 8, .hidden = 24, .context = 64, .vocabulary = 5,
                                .kv_heads = 1, .head_dim = 6, .untied = true, .rope_base = 500000, .norm_eps = 1e-6}));
}

// Heads of 4 have two pairs: with a base of 500000 and 8,192 positions before, the first turns 1,304 times and the
// second 1.84 times.
TEST(GgufShape, StretchedFrequencies_AreKnownAgain) {
  std::vector<std::string> keys = Keys(), notes;
  keys.push_back(FloatKey("llama.rope.freq_base", 500000));
  const Result<ModelShape> plain = ShapeOf(keys, notes, false, {1, 1});
  ASSERT_TRUE(plain.ok()) << plain.status().message();
  EXPECT_EQ(plain->rope_factor, 1);
  const std::vector<std::pair<const char*, float>> numbers = {
      {"cllm.rope.factor", 8.0f}, {"cllm.rope.low_freq_factor", 1.0f}, {"cllm.rope.high_freq_factor", 4.0f}};
  for (const auto& [key, value] : numbers) keys.push_back(FloatKey(key, value));
  keys.push_back(GgufKey("cllm.rope.original_context_length", 8192));
  const double turns = 8192 / (2 * M_PI) * std::pow(500000, -0.5), kept = (turns - 1) / 3;
  const auto divisor = static_cast<float>(1 / ((1 - kept) / 8 + kept));
  const Result<ModelShape> shape = ShapeOf(keys, notes, false, {1, divisor});
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(shape->rope_factor, 8);
  EXPECT_EQ(shape->rope_original, 8192u);
  for (const std::vector<float>& other :
       {std::vector<float>{1, divisor * 1.01f}, {2, divisor}, {1, 1, 1}, {1}, {1, NAN}}) {
    EXPECT_THAT(ShapeOf(keys, notes, false, other).status().message(), HasSubstr("rope_freqs.weight")) << other.size();
  }
}

TEST(GgufShape, LongContext_IsCapped_AndTold) {
  std::vector<std::string> keys = Keys(), notes;
  keys[1] = GgufKey("llama.context_length", 131072);
  const Result<ModelShape> shape = ShapeOf(keys, notes);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  EXPECT_EQ(shape->context, 65536u);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], AllOf(HasSubstr("131,072"), HasSubstr("65,536")));
}

TEST(GgufShape, WhatChangesTheNumbers_IsRefusedByItsKey) {
  EXPECT_THAT(FaultWith(GgufKey("llama.rope.scaling.type", "yarn")), HasSubstr("llama.rope.scaling.type"));
  EXPECT_THAT(FaultWith(GgufKey("llama.expert_count", 8)), HasSubstr("llama.expert_count"));
  EXPECT_THAT(FaultWith(FloatKey("llama.attention.scale", 0.1f)), HasSubstr("llama.attention.scale"));
  EXPECT_THAT(FaultWith(GgufKey("llama.attention.value_length", 6)), HasSubstr("value_length is 6, expected 4"));
  EXPECT_THAT(FaultWith(GgufKey("llama.rope.dimension_count", 2)), HasSubstr("dimension_count is 2, expected 4"));
  EXPECT_THAT(FaultWith(GgufKey("llama.vocab_size", 6)), HasSubstr("vocab_size is 6, expected 5"));
}

TEST(GgufShape, NumbersAgainstEachOther_AreRefused) {
  EXPECT_THAT(FaultWith(GgufKey("llama.attention.head_count_kv", 3)), HasSubstr("kv_heads 3 does not divide heads 2"));
  std::vector<std::string> keys = Keys();
  keys[5] = GgufKey("llama.attention.head_count", 3);
  EXPECT_THAT(FaultOf(keys), HasSubstr("heads 3 does not divide width 8"));
  keys[5] = GgufKey("llama.attention.head_count", 0);
  EXPECT_NE(FaultOf(keys), "accepted");
}

TEST(GgufShape, EachNeededKey_IsMissed) {
  for (size_t missing = 0; missing < Keys().size(); ++missing) {
    std::vector<std::string> keys = Keys();
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_THAT(FaultOf(keys), HasSubstr("file: ")) << missing;
  }
  std::vector<std::string> keys = Keys();
  keys[0] = GgufKey("general.architecture", "qwen2");
  EXPECT_THAT(FaultOf(keys), HasSubstr("'qwen2', expected 'llama'"));
}

}  // namespace
}  // namespace cllm
