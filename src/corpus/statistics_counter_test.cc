#include "corpus/statistics_counter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cllm {
namespace {

TEST(StatisticsCounter, Hash_TellsContentAndBoundaries) {
  const auto hash = [](const std::vector<TextBlock>& blocks) {
    StatisticsCounter counter;
    for (const TextBlock& block : blocks) counter.Add(block);
    return counter.Statistics().hash.Hex();
  };
  const std::string two = hash({{"ab", true}, {"c", true}});
  EXPECT_EQ(two, hash({{"a", false}, {"b", true}, {"c", true}}));
  EXPECT_NE(two, hash({{"a", true}, {"bc", true}}));
  EXPECT_NE(two, hash({{"abc", true}}));
  EXPECT_NE(two, hash({{"ab", true}, {"d", true}}));
}


TEST(StatisticsCounter, CountsBytesDocumentsAndOddBytes_AcrossBlocks) {
  StatisticsCounter counter;
  counter.Add({"caf\xC3", false});
  counter.Add({"\xA9 \xFF", true});
  counter.Add({std::string_view("a\0\0", 3), true});
  const CorpusStatistics found = counter.Statistics();
  EXPECT_EQ(found.bytes, 10u);
  EXPECT_EQ(found.documents, 2u);
  EXPECT_EQ(found.invalid_bytes, 1u);
  EXPECT_EQ(found.nul_bytes, 2u);
}

TEST(StatisticsCounter, CharacterCutByTheEndOfADocument_IsInvalid) {
  StatisticsCounter counter;
  counter.Add({"caf\xC3", true});
  counter.Add({"\xA9", true});
  EXPECT_EQ(counter.Statistics().invalid_bytes, 2u);
}

TEST(StatisticsCounter, Hash_TellsWhatOfADialogueIsLearned) {
  const auto statistics = [](const std::vector<TextBlock>& blocks) {
    StatisticsCounter counter;
    for (const TextBlock& block : blocks) counter.Add(block);
    return counter.Statistics();
  };
  const TextBlock context{.text = "ab", .ends_document = false, .scored = false};
  const TextBlock answer{.text = "c", .ends_document = true, .scored = true, .ends_turn = true};
  const CorpusStatistics dialogue = statistics({context, answer, {"d", true}});
  EXPECT_EQ(dialogue.dialogues, 1u);
  EXPECT_EQ(dialogue.answers, 1u);
  EXPECT_EQ(dialogue.documents, 2u);
  const CorpusStatistics plain = statistics({{"ab", false}, {"c", true}, {"d", true}});
  EXPECT_EQ(plain.dialogues, 0u);
  EXPECT_EQ(plain.answers, 0u);
  EXPECT_NE(dialogue.hash, plain.hash);
  TextBlock shorter = context, longer = answer;
  shorter.text = "a", longer.text = "bc";
  EXPECT_NE(dialogue.hash, statistics({shorter, longer, {"d", true}}).hash) << "the same bytes, another border";
  TextBlock not_ending = answer;
  not_ending.ends_turn = false;
  EXPECT_NE(dialogue.hash, statistics({context, not_ending, {"d", true}}).hash);
}

}  // namespace
}  // namespace cllm
