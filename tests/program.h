#pragma once

#include <functional>
#include <string>
#include <vector>

// Starts the program under test and looks at what it did.
namespace cllm::testing {

// What the program's exit codes mean (docs/command_line.md).
inline constexpr int kFailed = 1, kUsage = 2, kBadInput = 3, kNoResources = 4;

struct Outcome {
  int exit_code = -1;  // 128 + signal if one ended it
  std::string out;     // standard output
  std::string err;     // standard error
};

struct Start {
  std::vector<std::string> arguments;
  std::string input = {};                     // of standard input
  std::vector<std::string> environment = {};  // "NAME=value", added
  // Called with the process id once it runs; may send signals.
  std::function<void(int pid)> meanwhile = {};
  // Root, too, may then read and write only what a file's mode allows its owner.
  bool obeys_modes = false;
  std::string script = {};  // of scripts/, instead of the program
  std::string directory = {};  // to start it in, instead of the sandbox
  // Called in the new process before the program starts: limits, signals, descriptors.
  std::function<void()> in_child = {};
};
Outcome Run(const Start& start);
inline Outcome Run(std::vector<std::string> arguments) { return Run(Start{std::move(arguments), "", {}, {}}); }

// A directory of its own, removed at the end; the program's working directory and cache lie in it.
class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;
  // The same, started in the sandbox with its own cache.
  Outcome Run(std::vector<std::string> arguments) const { return Run(Start{std::move(arguments), "", {}, {}}); }
  Outcome Run(Start start) const;

 private:
  std::string root_;
};

// Waits until `done`; false after five minutes.
bool WaitFor(const std::function<bool()>& done);
// Whether a child has ended by itself; who started it still gets its status.
bool Ended(int pid);

// Where the program under test lies.
std::string ProgramPath();

// About `bytes` bytes of a text that a small model can learn something from.
std::string SomeText(size_t bytes);
std::string ReadAll(const std::string& path);
bool Exists(const std::string& path);

// Options of a run that takes about a second.
std::vector<std::string> TinyRun(const std::string& text, const std::string& out, const std::string& steps);

}  // namespace cllm::testing
