#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <new>

#include "app/command.h"
#include "app/command_table.h"
#include "app/environment.h"
#include "app/flag_names.h"
#include "app/help_text.h"
#include "app/required_processor.h"
#include "base/system.h"
#include "kernels/simd.h"

namespace cllm {
namespace {

constexpr int kSignalled = 128;  // and the signal's number: what a shell makes of a process that one ended

Outcome Dispatch(const std::vector<std::string>& words) {
  if (const auto target = EnvironmentVariable("CLLM_SIMD")) {
    if (const Status status = ForceSimd(*target); !status.ok()) {
      return Usage(fmt::format("CLLM_SIMD: {}", status.message()));
    }
  }
  for (const std::string& sentence : UnknownVariables()) std::fprintf(stderr, "note: %s\n", sentence.c_str());
  if (words.empty()) {
    PrintHelp(OverviewText());
    return Usage("no command named");
  }
  if (words[0] == "--help" || words[0] == "-h") return HelpCommand({.words = {words.begin() + 1, words.end()}});
  if (words[0] == "--version" || words[0] == "-V") return VersionCommand({});
  return RunNamed(Commands(), "command", "cllm --help", words);
}

// The program's exit codes (docs/command_line.md).
int ExitCode(Code code) {
  switch (code) {
    case Code::kOk: return 0;
    case Code::kFailed: return 1;
    case Code::kUsage: return 2;
    case Code::kBadInput: return 3;
    case Code::kNoResources: return 4;
    case Code::kDiverged: return 5;
  }
  return 1;
}

int Run(const std::vector<std::string>& words) {
  try {
    const Outcome outcome = Dispatch(words);
    if (outcome.signal != 0) return kSignalled + outcome.signal;
    if (outcome.status.ok()) return 0;
    std::fprintf(stderr, "cllm: %s\n", WithFlags(outcome.status.message()).c_str());
    return ExitCode(outcome.status.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "cllm: out of memory\n");
    return ExitCode(Code::kNoResources);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cllm: unexpected: %s\n", error.what());
    return ExitCode(Code::kFailed);
  }
}

}  // namespace
}  // namespace cllm

int main(int argc, char** argv) {
  if (const char* lacking = cllm::LackingProcessorFeature()) {
    std::fprintf(stderr, "cllm: this processor lacks %s; a processor with AVX2 and FMA (x86-64-v3, 2013 or later) is "
                         "needed\n",
                 lacking);
    return 1;
  }
  return cllm::Run({argv + 1, argv + argc});
}
