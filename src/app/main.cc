#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <system_error>

#include "app/arguments/environment.h"
#include "app/arguments/flag_names.h"
#include "app/arguments/help_text.h"
#include "app/command.h"
#include "app/command_table.h"
#include "app/enough_stack.h"
#include "app/messages.h"
#include "app/required_processor.h"
#include "base/resource_limits.h"
#include "base/system.h"
#include "kernels/simd.h"
#include "terminal/process_streams.h"

namespace cllm {
namespace {

constexpr int kSignalled = 128;  // and the signal's number: what a shell makes of a process that one ended

Outcome Dispatch(const std::vector<std::string>& words) {
  if (const auto target = EnvironmentVariable("CLLM_SIMD")) {
    if (const Status status = ForceSimd(*target); !status.ok()) {
      return Usage(fmt::format("CLLM_SIMD: {}", status.message()));
    }
  }
  for (const std::string& sentence : UnknownVariables()) PrintNote(sentence);
  if (words.empty()) {
    PrintHelp(OverviewText());
    return Usage("no command named");
  }
  if (words[0] == "--help" || words[0] == "-h") return HelpCommand({.words = {words.begin() + 1, words.end()}});
  if (words[0] == "--version" || words[0] == "-V") return VersionCommand({});
  return RunNamed(Commands(), "command", "cllm --help", words);
}

// Ends the process: memory that was looked for before the start is not there now, in whichever thread.
[[noreturn]] void EndWithoutMemory() {
  static std::atomic_flag once = ATOMIC_FLAG_INIT;  // the sentence itself needs a little
  if (!once.test_and_set()) std::fprintf(stderr, "cllm: %s\n", WhyNoMemory().c_str());
  _exit(ExitCode(Code::kNoResources));
}

// What a command ended with, exceptions included: those of the C++ library, which ours do not throw.
Outcome DispatchGuarded(const std::vector<std::string>& words) {
  try {
    return Dispatch(words);
  } catch (const std::bad_alloc&) {
    EndWithoutMemory();
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) return Failed(error.what());
    return NoResources("a thread could not be started: " + WhyNoThread());
  } catch (const std::exception& error) {
    return Failed(fmt::format("unexpected: {}", error.what()));
  }
}

// Relative paths are not found any more then, which is hard to see from inside.
std::string LostDirectory() {
  const std::unique_ptr<char, decltype(&std::free)> path(getcwd(nullptr, 0), std::free);
  return path == nullptr && errno == ENOENT ? " (the current directory was removed)" : "";
}

int Run(const std::vector<std::string>& arguments) {
  PrintedOutput output(std::cout);
  Outcome outcome = DispatchGuarded(arguments);
  const Status printed = output.Finish();
  if (outcome.status.ok()) outcome.status = printed;
  if (!outcome.status.ok() && !outcome.told) {
    PrintMessage("cllm: " + WithFlags(outcome.status.message()) + LostDirectory());
  }
  if (outcome.signal != 0) return kSignalled + outcome.signal;
  if (outcome.status.ok() && ErrorOutputLost()) return ExitCode(Code::kFailed);
  return ExitCode(outcome.status.code());
}

int RunWithEnoughStack(const std::vector<std::string>& arguments) {
  try {
    return WithEnoughStack([&] { return Run(arguments); });
  } catch (const std::system_error&) {
    std::fprintf(stderr, "cllm: a thread with a larger stack than `ulimit -s` allows could not be started: %s\n",
                 WhyNoThread().c_str());
    return ExitCode(Code::kNoResources);
  }
}

}  // namespace
}  // namespace cllm

int main(int argc, char** argv) {
  cllm::OccupyClosedDescriptors();
  signal(SIGXFSZ, SIG_IGN);  // a file that reaches its limit is a failed write like others
  if (const char* lacking = cllm::LackingProcessorFeature()) {
    std::fprintf(stderr, "cllm: this processor lacks %s; a processor with AVX2 and FMA (x86-64-v3, 2013 or later) is "
                         "needed\n",
                 lacking);
    return 1;
  }
  std::set_new_handler(cllm::EndWithoutMemory);
  return cllm::RunWithEnoughStack({argv + 1, argv + argc});
}
