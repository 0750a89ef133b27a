#include "serve/dashboard/lattice_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lattice/similarity.h"
#include "run/testing/trained_runs.h"
#include "serve/dashboard/model_reader.h"

namespace cllm {
namespace {

using Parsed = nlohmann::json;

class LatticeViews : public TrainedRuns {
 protected:
  RunSource TrainedSource() {
    Train(Tiny(), "a");
    const RunRecord record = Read("a");
    return {.id = "a", .path = record.path, .name = "a", .corpus_hash = record.corpus_hash, .step = record.step,
            .checkpoint = record.path + "/checkpoints/step-" + std::to_string(record.step)};
  }
};

TEST_F(LatticeViews, EveryTokenHasItsPlaceAndItsNumbers) {
  const RunSource run = TrainedSource();
  const auto tokens = RunTokens::Open(run);
  ASSERT_TRUE(tokens.ok()) << tokens.status().message();
  ASSERT_TRUE(tokens->corpus) << tokens->missing;
  const LatticeView view(run, *tokens);
  const Parsed columns = Parsed::parse(WriteJson(view.Columns(nullptr, true)));
  EXPECT_EQ(columns["count"], 259);
  for (const char* name : {"text", "x", "y", "root", "position", "frequency", "norm"}) {
    EXPECT_EQ(columns[name].size(), 259u) << name;
  }
  EXPECT_TRUE(columns["loss"].is_null());
  EXPECT_EQ(columns["loss_pending"], true);
  EXPECT_EQ(columns["step"], 12);
  uint64_t seen = 0;
  for (const auto& count : columns["frequency"]) seen += count.get<uint64_t>();
  EXPECT_EQ(seen, tokens->corpus->training().size());
  const uint32_t e = tokens->tokenizer.Encode("e").at(0);
  EXPECT_EQ(columns["text"][e], "e");
  const UlamPoint point = UlamPointOf(columns["position"][e].get<uint64_t>());
  EXPECT_NEAR(columns["x"][e].get<double>(), point.x, 1e-3 * std::abs(point.x));
  EXPECT_GT(columns["norm"][e].get<double>(), 0);
  EXPECT_EQ(columns["text"][tokens->tokenizer.Encode("\xff").at(0)], "\\xff");
  EXPECT_EQ(columns["text"][1], "<s>");
}

TEST_F(LatticeViews, OneToken_HasFactorsFamilyAndNeighbours) {
  const RunSource run = TrainedSource();
  const auto tokens = RunTokens::Open(run);
  ASSERT_TRUE(tokens.ok());
  const LatticeView view(run, *tokens);
  const uint32_t small = tokens->tokenizer.Encode("e").at(0), capital = tokens->tokenizer.Encode("E").at(0);
  const Parsed token = Parsed::parse(WriteJson(view.Token(capital)));
  uint64_t code = 1;
  for (const auto& factor : token["factors"]) code *= factor["prime"].get<uint64_t>();
  EXPECT_EQ(token["code"], code);
  EXPECT_EQ(token["factors"][0]["meaning"], "e");
  EXPECT_EQ(token["factors"][1]["prime"], 3);
  ASSERT_EQ(token["family"].size(), 1u);
  EXPECT_EQ(token["family"][0]["id"], small);
  EXPECT_EQ(token["family"][0]["gcd"], code / 3);
  EXPECT_EQ(token["spiral"].size(), 12u);
  ASSERT_EQ(token["embedding"].size(), 12u);
  for (size_t i = 1; i < 12; ++i) EXPECT_LE(token["embedding"][i]["cosine"], token["embedding"][i - 1]["cosine"]);
  for (const auto& near : token["embedding"]) EXPECT_NE(near["id"], capital);
}

TEST_F(LatticeViews, WithoutTokensAndCheckpoint_TheSpiralIsThere) {
  RunSource run = TrainedSource();
  run.corpus_hash = std::string(32, '0');
  run.checkpoint = root_ / "nothing";
  const auto tokens = RunTokens::Open(run);
  ASSERT_TRUE(tokens.ok());
  EXPECT_FALSE(tokens->corpus);
  const LatticeView view(run, *tokens);
  const Parsed columns = Parsed::parse(WriteJson(view.Columns(nullptr, false)));
  EXPECT_EQ(columns["x"].size(), 259u);
  EXPECT_TRUE(columns["frequency"].is_null());
  EXPECT_TRUE(columns["norm"].is_null());
  EXPECT_NE(columns["missing"], "");
  EXPECT_TRUE(Parsed::parse(WriteJson(view.Token(5)))["embedding"].empty());
}

// The losses of all tokens, weighed by how often they stand there, are what an evaluation of the whole part says.
TEST_F(LatticeViews, LossesByToken_AddUpToTheEvaluation) {
  const RunSource run = TrainedSource();
  const RunRecord record = Read("a");
  ASSERT_TRUE(record.score && record.score->step == run.step) << "the last step is the best one";
  ModelReader reader;
  const auto search = reader.BeginSearch(run);
  ASSERT_TRUE(search.ok()) << search.status().message();
  for (;;) {
    const Result<bool> done = (*search)->Step();
    ASSERT_TRUE(done.ok()) << done.status().message();
    if (*done) break;
  }
  const KnownLosses losses = (*search)->Found();
  EXPECT_EQ(losses.step, 12u);
  const auto tokens = RunTokens::Open(run);
  ASSERT_TRUE(tokens.ok());
  const TokenView text = tokens->corpus->validation();
  double sum = 0;
  for (size_t i = 1; i < text.size(); ++i) sum += static_cast<double>(losses.nats.at(text[i]));
  EXPECT_NEAR(sum / static_cast<double>(text.size() - 1), record.score->nats, 1e-4);
  const LatticeView view(run, *tokens);
  const Parsed columns = Parsed::parse(WriteJson(view.Columns(&losses, false)));
  EXPECT_EQ(columns["loss_step"], 12);
  EXPECT_TRUE(columns["loss"][0].is_null()) << "it is never in a text";
  EXPECT_GT(columns["loss"][text[1]].get<double>(), 0);
}

}  // namespace
}  // namespace cllm
