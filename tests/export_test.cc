#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.h"

// cllm export and cllm import, as a user runs them.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// The largest size that a file of this process may have.
void LimitFileBytes(rlim_t bytes) {
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(99);
}

class Export : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> arguments = TinyRun(box_.Write("text.txt", SomeText(4000)), box_.path("book-1"), "2");
    ASSERT_EQ(box_.Run(arguments).exit_code, 0);
  }

  // Names in the sandbox that were not there after SetUp.
  std::vector<std::string> NewNames() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(box_.path(""))) {
      const std::string name = entry.path().filename().string();
      if (name != "text.txt" && name != "book-1" && !name.starts_with(".") && name != "cache") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  nlohmann::json Evaluated(const std::string& model) const {
    const Outcome outcome = box_.Run({"eval", model, box_.path("text.txt"), "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    nlohmann::json json = nlohmann::json::parse(outcome.out);
    json.erase("model");
    return json;
  }
  void ExpectRefused(const std::vector<std::string>& arguments, int exit_code, const std::string& word) {
    const std::vector<std::string> before = NewNames();
    const Outcome outcome = box_.Run(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(StartsWith("cllm: "), HasSubstr(word)));
    EXPECT_EQ(NewNames(), before) << "a refused command left something";
  }

  Sandbox box_;
};

TEST_F(Export, Gguf_ThenImport_HasTheSameBits) {
  const Outcome exported = box_.Run({"export", box_.path("book-1"), "--verify"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_THAT(exported.out, StartsWith("book-1-F32.gguf, f32, "));
  EXPECT_THAT(exported.err, AllOf(HasSubstr("largest difference of a logit is 0 "), HasSubstr("ollama create")));
  EXPECT_THAT(NewNames(), ::testing::ElementsAre("book-1-F32.Modelfile", "book-1-F32.gguf", "book-1-F32.md"));
  const Outcome imported = box_.Run({"import", "book-1-F32.gguf", "-o", "again"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(Evaluated(box_.path("again")), Evaluated(box_.path("book-1")));
}

TEST_F(Export, HuggingFace_ThenImport_HasTheSameBits_AndTrainsOn) {
  const Outcome exported =
      box_.Run({"export", box_.path("book-1"), "--format", "hf", "-o", "out/hf", "--verify", "--json"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const nlohmann::json json = nlohmann::json::parse(exported.out);
  EXPECT_EQ(json["path"], "out/hf");
  EXPECT_EQ(json["verified"]["largest_difference"], 0);
  EXPECT_EQ(json["files"].back(), "out/hf/model.safetensors");
  ASSERT_EQ(box_.Run({"import", "out/hf", "-o", "again"}).exit_code, 0);
  EXPECT_EQ(Evaluated(box_.path("again")), Evaluated(box_.path("book-1")));
  const Outcome trained = box_.Run({"train", box_.path("text.txt"), "--from", "again", "--steps", "2", "--batch", "2",
                                    "--samples", "0", "--quiet", "--out", "further"});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(box_.Run({"export", "further"}).exit_code, 0);
  EXPECT_THAT(ReadAll(box_.path("further-F32.md")), HasSubstr("from the weights of again"));
}

TEST_F(Export, LossyTypes_AreVerifiedAgainstWhatTheyKeep) {
  for (const char* type : {"f16", "bf16", "q8_0"}) {
    const Outcome outcome = box_.Run({"export", box_.path("book-1"), "--type", type, "--verify", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json verified = nlohmann::json::parse(outcome.out)["verified"];
    EXPECT_GT(verified["largest_difference"], 0) << type;
    EXPECT_LT(verified["largest_difference"], 0.1) << type;
    EXPECT_EQ(box_.Run({"generate", "book-1", "-p", "a", "-n", "2", "--seed", "1"}).exit_code, 0);
  }
}

TEST_F(Export, WhatIsThere_StaysUnlessForced) {
  box_.Write("book-1-F32.md", "mine");
  ExpectRefused({"export", "book-1"}, kUsage, "book-1-F32.md: is there already");
  EXPECT_EQ(ReadAll(box_.path("book-1-F32.md")), "mine");
  EXPECT_EQ(box_.Run({"export", "book-1", "--force"}).exit_code, 0);
  EXPECT_THAT(ReadAll(box_.path("book-1-F32.md")), HasSubstr("# book-1"));
  box_.Write("dir/config.json", "mine");
  ExpectRefused({"export", "book-1", "--format", "hf", "-o", "dir"}, kUsage, "dir/config.json");
  ExpectRefused({"import", "book-1-F32.gguf", "-o", "text.txt"}, kUsage, "expected a directory");
  ASSERT_EQ(box_.Run({"import", "book-1-F32.gguf", "-o", "again"}).exit_code, 0);
  ExpectRefused({"import", "book-1-F32.gguf", "-o", "again"}, kUsage, "is there already");
}

TEST_F(Export, WrongWords_AreRefused) {
  ExpectRefused({"export", "book-1", "--format", "onnx"}, kUsage, "gguf, hf");
  ExpectRefused({"export", "book-1", "--type", "q4_k"}, kUsage, "f32, f16, bf16, q8_0");
  ExpectRefused({"export", "book-1", "--format", "hf", "--type", "q8_0"}, kUsage, "safetensors");
  ExpectRefused({"export", "book-1", "-o", "book.bin"}, kUsage, ".gguf");
  ExpectRefused({"export", "nothing"}, kBadInput, "nothing");
  ExpectRefused({"import", "nothing", "-o", "x"}, kBadInput, "nothing");
  ExpectRefused({"import", "text.txt", "-o", "x"}, kBadInput, "expected a GGUF file");
  ExpectRefused({"import", "book-1", "-o", "x"}, kBadInput, "config.json");
  ExpectRefused({"import", "text.txt"}, kUsage, "--out");
}

TEST_F(Export, NamesOfPlaces) {
  ASSERT_EQ(box_.Run({"export", "book-1@latest", "-o", "here/", "--type", "f16"}).exit_code, 0);
  EXPECT_TRUE(Exists(box_.path("here/book-1-F16.gguf")));
  ASSERT_EQ(box_.Run({"export", "book-1/checkpoints/step-2", "-o", "here"}).exit_code, 0);
  EXPECT_TRUE(Exists(box_.path("here/book-1-F32.gguf")));
  ASSERT_EQ(box_.Run({"export", "book-1", "-o", "new/folder/my book.gguf"}).exit_code, 0);
  EXPECT_THAT(ReadAll(box_.path("new/folder/my book.Modelfile")), StartsWith("FROM ./my book.gguf\n"));
}

TEST_F(Export, FullDisk_LeavesNothing) {
  Start start{{"export", box_.path("book-1"), "-o", "/dev/full/x.gguf"}};
  const Outcome outcome = box_.Run(start);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(NewNames(), IsEmpty());
  // A file that may not grow: writing fails in the middle.
  start = {{"export", box_.path("book-1")}};
  start.in_child = [] { LimitFileBytes(4096); };
  const Outcome limited = box_.Run(start);
  EXPECT_EQ(limited.exit_code, kFailed) << limited.err;
  EXPECT_THAT(limited.err, HasSubstr("book-1-F32"));
  EXPECT_THAT(NewNames(), IsEmpty());
}

TEST_F(Export, DamagedFiles_AreRefused) {
  ASSERT_EQ(box_.Run({"export", "book-1"}).exit_code, 0);
  const std::string good = ReadAll(box_.path("book-1-F32.gguf"));
  for (const size_t size : {size_t{3}, size_t{30}, size_t{3000}, good.size() - 64}) {
    box_.Write("cut.gguf", good.substr(0, size));
    ExpectRefused({"import", "cut.gguf", "-o", "x"}, kBadInput, "cut.gguf");
  }
  std::string other = good;
  other.replace(other.find("llama"), 5, "gemma");
  box_.Write("other.gguf", other);
  ExpectRefused({"import", "other.gguf", "-o", "x"}, kBadInput, "general.architecture is 'gemma'");
  std::string nan = good;
  nan.replace(nan.size() - 8, 4, std::string("\x00\x00\xC0\x7F", 4));
  box_.Write("nan.gguf", nan);
  ExpectRefused({"import", "nan.gguf", "-o", "x"}, kBadInput, "not finite");
  ExpectRefused({"generate", "nan.gguf", "-p", "x"}, kBadInput, "not finite");
}

// The .gguf itself is a model for every command: the same text, and the same bits per byte.
TEST_F(Export, TheFileItself_IsAModel) {
  ASSERT_EQ(box_.Run({"export", "book-1"}).exit_code, 0);
  const auto text = [&](const std::string& model) {
    const Outcome outcome = box_.Run({"generate", model, "-p", "the", "-n", "20", "--temp", "0"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_EQ(text("book-1-F32.gguf"), text("book-1"));
  EXPECT_EQ(Evaluated("book-1-F32.gguf"), Evaluated("book-1"));
  EXPECT_EQ(box_.Run({"inspect", "book-1-F32.gguf"}).exit_code, 0);
  const auto ids = [&](const std::string& model) { return box_.Run({"tokenize", model, "text.txt"}).out; };
  EXPECT_EQ(ids("book-1-F32.gguf"), ids("book-1"));
  EXPECT_THAT(ids("book-1"), Not(IsEmpty()));
}

}  // namespace
}  // namespace cllm::testing
