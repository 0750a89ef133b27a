#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "api/testing/small_trainings.h"

namespace cllm {
namespace {

using ThreadsTest = SmallTrainings;

TEST_F(ThreadsTest, TwoTrainingsAtOnce_HaveTheBitsOfEachAlone) {
  TrainOptions first = Small("first"), second = Small("second");
  second.seed = 2;
  const auto alone = [&](TrainOptions options, const char* name) {
    options.directory = root_ / name;
    return HashOf(Trained(Train(options)).directory);
  };
  const std::string first_hash = alone(first, "first-alone"), second_hash = alone(second, "second-alone");
  EXPECT_NE(first_hash, second_hash);
  std::filesystem::remove_all(root_ / "cache");
  {
    const std::jthread one([&] { EXPECT_TRUE(Train(first)); });
    const std::jthread two([&] { EXPECT_TRUE(Train(second)); });
  }
  EXPECT_EQ(HashOf(first.directory), first_hash);
  EXPECT_EQ(HashOf(second.directory), second_hash);
}

TEST_F(ThreadsTest, GeneratorsOfOneModelAndATraining_AtOnce) {
  const Model model = SmallModel();
  const auto make = [&](uint64_t seed) {
    Expected<Generator> generator = Generator::Start(model, 2);
    std::vector<std::string> texts;
    for (int i = 0; i < 4; ++i) texts.push_back(generator->Generate("line", {.tokens = 20, .seed = seed})->text);
    return texts;
  };
  const std::vector<std::string> first = make(1), second = make(2);
  std::vector<std::string> found_first, found_second;
  Expected<Evaluation> alone = model.Evaluate({.files = {Text()}}), evaluated = alone;
  {
    const std::jthread one([&] { found_first = make(1); });
    const std::jthread two([&] { found_second = make(2); });
    const std::jthread three([&] { EXPECT_TRUE(Train(Small("meanwhile"))); });
    const std::jthread four([&] { evaluated = model.Evaluate({.files = {Text()}}); });
  }
  EXPECT_EQ(found_first, first);
  EXPECT_EQ(found_second, second);
  EXPECT_EQ(evaluated->nats_per_token, alone->nats_per_token);
  EXPECT_EQ(HashOf(root_ / "meanwhile"), HashOf(root_ / "model"));
}

TEST_F(ThreadsTest, OneGenerator_MayGoFromThreadToThread) {
  Expected<Generator> generator = Generator::Start(SmallModel(), 2);
  ASSERT_TRUE(generator);
  const std::string expected = generator->Generate("line", {.tokens = 15})->text;
  for (int i = 0; i < 3; ++i) {
    std::jthread([&] { EXPECT_EQ(generator->Generate("line", {.tokens = 15})->text, expected); }).join();
  }
}

TEST_F(ThreadsTest, TwoTrainingsIntoOneDirectory_OneIsRefused) {
  int begun = 0, refused = 0;
  std::vector<Expected<TrainedRun>> runs(2, Error{});
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 2; ++i) threads.emplace_back([&, i] { runs[i] = Train(Small("same")); });
  }
  for (const Expected<TrainedRun>& run : runs) {
    begun += run.has_value();
    refused += !run && run.error().kind == ErrorKind::kBadOption;
  }
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace cllm
