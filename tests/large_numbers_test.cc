#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "program.h"

// Sums over texts that are larger than the smaller types hold.
namespace cllm::testing {
namespace {

// Makes a model of a tiny run that is sure of the wrong tokens: its embedding, which is its head too, many times
// larger.
void MakeHotModel(const Sandbox& box, const std::string& run, const std::string& model, float factor) {
  std::string file = ReadAll(box.path(run + "/checkpoints/step-1/model.safetensors"));
  uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof(header));
  const size_t data = sizeof(header) + header;
  const auto where = nlohmann::json::parse(file.substr(sizeof(header), header)).at("embedding").at("data_offsets");
  for (size_t at = data + where[0].get<size_t>(); at < data + where[1].get<size_t>(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, &file[at], sizeof(value));
    value *= factor;
    std::memcpy(&file[at], &value, sizeof(value));
  }
  box.Write(model + "/model.safetensors", file);
  for (const std::string name : {"/tokenizer.json", "/lattice.json"})
    box.Write(model + name, ReadAll(box.path(run + name)));
}

// A text of which the losses sum to more than 2^31 nats: the mean is that of any part of it, and not what is left of a
// sum that wrapped.
TEST(LargeNumbers, LossesBeyondTwoToThe31_HaveTheirMean) {
  const Sandbox box;
  std::string part;
  while (part.size() < 6400) part += "xyz ";
  std::string all;
  while (all.size() < 3'100'000) all += part;
  box.Write("part.txt", part);
  box.Write("all.txt", all);
  const Outcome trained = box.Run({"train",    "part.txt", "--out",    "run",       "--tokenizer", "bytes", "--layers",
                                   "1",        "--heads",  "1",        "--width",   "2",           "--hidden", "2",
                                   "--context", "16",      "--batch",  "1",         "--steps",     "1",     "--samples",
                                   "0",        "--quiet"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  MakeHotModel(box, "run", "hot", 4000.0f);
  const auto evaluated = [&](const std::string& name) {
    const Outcome outcome = box.Run({"eval", "hot", name, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  };
  const nlohmann::json found = evaluated("all.txt"), expected = evaluated("part.txt");
  const double nats = found.at("nats_per_token"), tokens = found.at("tokens");
  EXPECT_GT(nats * tokens, 0x1p31) << "what the test is for: " << nats << " nats per token";
  EXPECT_NEAR(nats, expected.at("nats_per_token").get<double>(), 0.01 * nats);
  EXPECT_EQ(found.at("bytes"), all.size());
}

}  // namespace
}  // namespace cllm::testing
