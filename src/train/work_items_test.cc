#include "train/work_items.h"

#include <gtest/gtest.h>

#include <set>

namespace cllm {
namespace {

constexpr ModelShape kOneLayer{.layers = 1, .heads = 2, .width = 32, .hidden = 24, .context = 8, .vocabulary = 50};

// As many whole sequences as fit 512 tokens, at least one, lowered until a step has 8 items where the batch allows, or
// 6 rather than items below 128 tokens.
TEST(StepItems, DefaultSequencesOfAnItem) {
  EXPECT_EQ(DefaultItemSequences(12, 64), 2u);
  EXPECT_EQ(DefaultItemSequences(11, 64), 1u);
  EXPECT_EQ(DefaultItemSequences(24, 32), 4u);
  EXPECT_EQ(DefaultItemSequences(12, 128), 1u);
  EXPECT_EQ(DefaultItemSequences(64, 64), 8u);
  EXPECT_EQ(DefaultItemSequences(1000, 64), 8u);
  EXPECT_EQ(DefaultItemSequences(40, 64), 5u);
  EXPECT_EQ(DefaultItemSequences(16, 256), 2u);
  EXPECT_EQ(DefaultItemSequences(128, 1024), 1u);
  EXPECT_EQ(DefaultItemSequences(1, 16), 1u);
}

// Every sequence of every step is in one item, and no two items have the same dropout masks.
TEST(StepItems, Content_CoversEverySequenceOnce) {
  StepOptions options;
  options.batch = 11;
  options.item = 3;
  std::set<uint64_t> keys;
  uint64_t next = 0;
  for (uint64_t step = 0; step < 5; ++step) {
    for (size_t item = 0; item < options.items(); ++item) {
      const ItemContent content = ContentOf(options, step, item);
      EXPECT_EQ(content.first_sequence, next);
      EXPECT_EQ(content.sequences, item + 1 < options.items() ? 3u : 2u);
      next += content.sequences;
      keys.insert(content.dropout_key);
    }
  }
  EXPECT_EQ(next, 5 * options.batch);
  EXPECT_EQ(keys.size(), 5 * options.items());
}

// Inputs are the windows' first T tokens and targets their last T, whatever lies beside them.
TEST(StepItems, Read_EachSequenceInItsPlace) {
  const Weights weights(kOneLayer, Precision::kFp32);
  const std::vector<int32_t> classes(kOneLayer.vocabulary);
  const Transformer transformer(weights, {classes, classes});
  StepOptions options;
  options.batch = 7;
  options.item = 3;
  const WorkItems items(options, transformer);
  TrainingContext context(kOneLayer, options.item);
  const auto token = [](uint64_t sequence, size_t t) { return static_cast<uint32_t>(100 * sequence + t); };
  const SequenceReader read = [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
    EXPECT_EQ(out.size(), kOneLayer.context + 1);
    for (size_t t = 0; t < out.size(); ++t) out[t] = token(sequence, t);
    return {};
  };
  for (size_t item = 0; item < options.items(); ++item) {
    const ItemContent content = ContentOf(options, 2, item);
    const Result<size_t> positions = items.Read(content, read, nullptr, context);
    ASSERT_TRUE(positions.ok());
    ASSERT_EQ(*positions, content.sequences * kOneLayer.context);
    for (size_t n = 0; n < *positions; ++n) {
      const uint64_t sequence = content.first_sequence + n / kOneLayer.context;
      EXPECT_EQ(context.inputs[n], token(sequence, n % kOneLayer.context));
      EXPECT_EQ(context.targets[n], token(sequence, n % kOneLayer.context + 1));
    }
  }
}

}  // namespace
}  // namespace cllm
