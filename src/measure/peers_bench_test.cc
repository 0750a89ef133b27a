#include "measure/peers_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace cllm::measure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A file that goes away.
class ListFile {
 public:
  explicit ListFile(const std::string& text)
      : path_(testing::TempDir() + "peers-" + std::to_string(getpid()) + ".json") {
    std::ofstream(path_) << text;
  }
  ~ListFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(OutputOf, Command_IsReadToItsEnd) {
  const auto output = OutputOf({"sh", "-c", "echo one; echo two >&2; echo three"});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(*output, "one\nthree\n");
}

TEST(OutputOf, Failures_AreNamed) {
  EXPECT_THAT(OutputOf({"sh", "-c", "exit 7"}).status().message(), HasSubstr("exit code 7"));
  EXPECT_THAT(OutputOf({"sh", "-c", "kill -9 $$"}).status().message(), HasSubstr("signal 9"));
  EXPECT_FALSE(OutputOf({"/no/such/program"}).ok());
}

TEST(ReadPeers, List_IsRead) {
  const ListFile file(R"({"format":2,"training":[{"name":"T","command":["t","-x"]}],"decoding":[],"products":[],)"
                      R"("missing":[{"name":"M","reason":"it is not there"}]})");
  const auto peers = ReadPeers(file.path());
  ASSERT_TRUE(peers.ok()) << peers.status().message();
  ASSERT_EQ(peers->training.size(), 1u);
  EXPECT_THAT(peers->training[0].command, ElementsAre("t", "-x"));
  EXPECT_THAT(peers->missing, ElementsAre("M is not measured: it is not there"));
}

TEST(ReadPeers, BadLists_AreBadInputThatNamesTheFile) {
  for (const char* text :
       {"", "[]", "{}", R"({"format":9,"training":[],"decoding":[],"products":[],"missing":[]})",
        R"({"format":2,"training":[1],"decoding":[],"products":[],"missing":[]})",
        R"({"format":2,"training":[{"name":"T","command":[]}],"decoding":[],"products":[],"missing":[]})",
        R"({"format":2,"training":[{"name":"T","command":[1]}],"decoding":[],"products":[],"missing":[]})"}) {
    const ListFile file(text);
    const auto peers = ReadPeers(file.path());
    ASSERT_FALSE(peers.ok()) << text;
    EXPECT_EQ(peers.status().code(), Code::kBadInput) << text;
    EXPECT_THAT(peers.status().message(), HasSubstr(file.path())) << text;
  }
}

// Stand-ins for both programs: what matters is the pairing, the medians and the ratios.
TEST(BenchPeerTraining, Ratios_AreOursOverTheirs) {
  const std::string ours = testing::TempDir() + "ours-" + std::to_string(getpid());
  std::ofstream(ours) << "#!/bin/sh\necho '{\"rows\":[{\"tokens_per_s\":300,\"resident_mb\":50}]}'\n";
  ASSERT_EQ(chmod(ours.c_str(), 0755), 0);
  Peers peers;
  peers.training = {{"twice", {"sh", "-c", "echo '{\"tokens_per_s\":150,\"resident_mb\":200}'"}},
                    {"broken", {"sh", "-c", "exit 1"}}};
  const auto findings =
      BenchPeerTraining(peers, ours, {.configurations = {"a"}, .precisions = {"fp32"}, .threads = {2}});
  std::remove(ours.c_str());
  ASSERT_TRUE(findings.ok()) << findings.status().message();
  EXPECT_EQ(
      WriteJson({{"rows", findings->table.Rows()}}),
      R"({"rows":[{"config":"a","precision":"fp32","threads":2,"peer":"twice","tokens_per_s":300.0,)"
      R"("peer_tokens_per_s":150.0,"ratio":2.0,"resident_mb":50.0,"peer_resident_mb":200.0,"memory_ratio":0.25}]})");
  ASSERT_EQ(findings->notes.size(), 1u);
  EXPECT_THAT(findings->notes[0], HasSubstr("broken, fp32 of a: left out"));
}

TEST(BenchPeerProducts, PeersAnswer_IsTheTable) {
  Peers peers;
  peers.products = {{"P",
                     {"sh", "-c",
                      "echo '{\"peer\":\"P 1\",\"precision\":\"bf16\",\"rows\":[{\"product\":\"x\",\"ours\":3,"
                      "\"peer\":2,\"ratio\":1.5}]}'"}}};
  const Findings findings = BenchPeerProducts(peers, 5);
  EXPECT_EQ(findings.table.Rows().size(), 1u);
  EXPECT_THAT(findings.notes.front(), HasSubstr("P 1, bf16: geometric mean of the ratios 1.500"));
  EXPECT_EQ(findings.facts.front().name, "geometric_mean_bf16");
}

}  // namespace
}  // namespace cllm::measure
