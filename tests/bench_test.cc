#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;

TEST(Bench, WrongOptions_AreUsageErrors) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"bench"},
                                             {"bench", "nothing"},
                                             {"bench", "train", "--config", "d"},
                                             {"bench", "train", "--sweep", "depth"},
                                             {"bench", "train", "--threads", "0"},
                                             {"bench", "train", "--rounds", "4"},
                                             {"bench", "train", "--config", "a", "--precision", "fp8"},
                                             {"bench", "train", "--config", "a", "--optimizer", "sgd"},
                                             {"bench", "lattice"},
                                             {"bench", "lattice", "text.txt", "--width", "64,0"},
                                             {"bench", "lattice", "text.txt", "--tokenizer", "words"},
                                             {"bench", "scaling", "--config", "a,b"},
                                             {"bench", "scaling", "--batch", "4", "--item", "8"},
                                             {"bench", "scaling", "--threads", "0"},
                                             {"bench", "scaling", "--threads", "1,2,2"},
                                             {"bench", "scaling", "--threads", "1,5000"},
                                             {"bench", "scaling", "--threads", "1,two"},
                                             {"bench", "scaling", "--threads", "1,63", "--batch", "62"},
                                             {"bench", "scaling", "--limit", "soon"},
                                             {"bench", "scaling", "--context", "0"},
                                             {"bench", "generate", "--config", ""},
                                             {"bench", "generate", "--weights", "f32,q4_0"},
                                             {"bench", "kernels", "no such kernel"}}) {
    const Outcome outcome = testing::Run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("cllm: "));
  }
}

TEST(Bench, PeersWithoutTheirList_IsBadInput) {
  const Outcome outcome = testing::Run({"bench", "peers", "--peers", "/no/such/list.json"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("/no/such/list.json"));
}

TEST(Bench, LatticeOfATextThatIsNotThere_IsBadInput) {
  const Outcome outcome = testing::Run({"bench", "lattice", "/no/such/text.txt"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("/no/such/text.txt"));
}

TEST(Bench, LatticeOfAShortText_IsBadInput) {
  const Sandbox box;
  const Outcome outcome = box.Run({"bench", "lattice", box.Write("short.txt", SomeText(3000)), "--tokenizer", "bytes"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("short.txt: "));
  EXPECT_THAT(outcome.err, HasSubstr("expected at least 4096"));
}

TEST(Bench, Lattice_IsAnObjectForPairsAndOneForOrders) {
  const Sandbox box;
  const Outcome outcome = box.Run({"bench", "lattice", box.Write("text.txt", SomeText(20000)), "--tokenizer", "bpe:300",
                                   "--width", "16,32", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const size_t cut = outcome.out.find('\n');
  const auto pairs = nlohmann::json::parse(outcome.out.substr(0, cut));
  EXPECT_EQ(pairs["bench"], "lattice: pairs");
  EXPECT_EQ(pairs["vocabulary"], 300);
  ASSERT_EQ(pairs["rows"].size(), 4u);
  EXPECT_GT(pairs["rows"][3]["ns_per_pair"], 0);
  const auto orders = nlohmann::json::parse(outcome.out.substr(cut));
  EXPECT_EQ(orders["bench"], "lattice: id orders");
  EXPECT_EQ(orders["rows"].size(), 6u);
}

TEST(Bench, ScalingOfATextThatIsNotThere_IsBadInput) {
  const Outcome outcome = testing::Run({"bench", "scaling", "/no/such/text.txt"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("/no/such/text.txt"));
}

TEST(Bench, Scaling_SaysOneHashForAllThreads_AndWritesTheReport) {
  const Sandbox box;
  const Outcome outcome = box.Run({"bench", "scaling", box.Write("text.txt", SomeText(30000)), "--config", "a",
                                   "--context", "64", "--batch", "6", "--threads", "1,2,5", "--steps", "5",
                                   "--learn-steps", "60", "--out", "report", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto result = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(result["bench"], "scaling");
  EXPECT_EQ(result["weights_xxh3"].get<std::string>().size(), 32u);
  EXPECT_EQ(result["failures"].size(), 0);
  ASSERT_EQ(result["rows"].size(), 3u);
  EXPECT_EQ(result["rows"][2]["threads"], 5);
  EXPECT_GT(result["rows"][2]["tokens_per_s"], 0);
  EXPECT_GT(result["rows"][2]["processor_share"], 0);
  for (const char* table : {"time", "memory", "correctness", "spheres"}) EXPECT_EQ(result[table].size(), 3u) << table;
  EXPECT_EQ(result["spheres"][2]["leaves"].size(), 5u);
  EXPECT_EQ(result["correctness"][0]["weights_xxh3"], result["correctness"][2]["weights_xxh3"]);
  EXPECT_LT(result["correctness"][2]["learned_validation"], result["entropy"]);
  for (const auto& row : result["predicted"]) EXPECT_EQ(row["kind"], "predicted");
  EXPECT_EQ(nlohmann::json::parse(ReadAll(box.path("report/scaling.json"))), result);
  EXPECT_THAT(ReadAll(box.path("report/scaling.html")), HasSubstr("<svg "));
  EXPECT_THAT(ReadAll(box.path("report/scaling.txt")), HasSubstr("final weights, the same for all"));
}

}  // namespace
}  // namespace cllm::testing
