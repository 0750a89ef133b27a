#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program.h"

namespace cllm::testing {

// Trains on texts for one step, and says what was read.
class ReadingFixture : public ::testing::Test {
 protected:
  // Trains for one step; what it says is in the outcome.
  Outcome Train(std::vector<std::string> text, std::vector<std::string> more = {}, const std::string& run = "run") {
    std::filesystem::remove_all(box_.path(run));
    std::vector<std::string> arguments = TinyRun(text.front(), box_.path(run), "1");
    arguments.insert(arguments.begin() + 2, text.begin() + 1, text.end());
    // An option of the test stands for the one of TinyRun.
    for (const std::string& option : more) {
      const auto given = std::find(arguments.begin(), arguments.end(), option);
      if (option.starts_with("--") && given != arguments.end()) arguments.erase(given, given + 2);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return box_.Run(arguments);
  }
  // What eval counts of a text, with the run's own reading of it.
  nlohmann::json Evaluated(std::vector<std::string> text, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"eval", box_.path("run"), "--json"};
    arguments.insert(arguments.end(), text.begin(), text.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = box_.Run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? nlohmann::json::parse(outcome.out) : nlohmann::json{{"bytes", 0}};
  }
  uint64_t Bytes(const std::string& text) { return Evaluated({text}).at("bytes"); }
  // Exactly so many bytes.
  static std::string Text(size_t bytes) { return SomeText(bytes).substr(0, bytes); }
  static std::string Binary() { return std::string(300, '\0'); }

  Sandbox box_;
};

}  // namespace cllm::testing
