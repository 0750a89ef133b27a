#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/testing/source_directory.h"

namespace cllm::testing {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Child(const Start& start, const std::string& directory, int in, int out, int err) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (!directory.empty() && chdir(directory.c_str()) != 0) _exit(126);
  // What is not in the bounding set is not gained by exec, not even as root (capabilities(7)).
  if (start.obeys_modes && geteuid() == 0 &&
      (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) != 0 || prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) != 0)) {
    _exit(126);
  }
  for (const std::string& variable : start.environment) {
    const size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  close_range(3, ~0U, 0);  // what the tests themselves were started with
  if (start.in_child) start.in_child();
  const std::string script = SourceDirectory() + "/scripts/" + start.script;
  const std::string program_path = start.script.empty() ? ProgramPath() : script;
  const char* program = program_path.c_str();
  std::vector<char*> argv = {const_cast<char*>(program)};
  for (const std::string& argument : start.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program, argv.data());
  _exit(127);
}

std::string Drain(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = read(fd, buffer.data(), buffer.size())) > 0;) text.append(buffer.data(), static_cast<size_t>(n));
  close(fd);
  return text;
}

Outcome RunIn(const Start& start, const std::string& directory) {
  int in[2], out[2], err[2];
  EXPECT_EQ(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC) + pipe2(err, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) Child(start, directory, in[0], out[1], err[1]);
  close(in[0]), close(out[1]), close(err[1]);
  Outcome outcome;
  std::thread reader([&] { outcome.out = Drain(out[0]); });
  std::thread errors([&] { outcome.err = Drain(err[0]); });
  std::thread writer([&] {
    size_t done = 0;
    while (done < start.input.size()) {
      const ssize_t n = write(in[1], start.input.data() + done, start.input.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    close(in[1]);
  });
  if (start.meanwhile) start.meanwhile(pid);
  int status = 0;
  waitpid(pid, &status, 0);
  reader.join(), errors.join(), writer.join();
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace

bool WaitFor(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  return true;
}

bool Ended(int pid) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

std::string ProgramPath() { return CLLM_PROGRAM; }

Outcome Run(const Start& start) { return RunIn(start, ""); }

Sandbox::Sandbox() {
  std::string name = (fs::temp_directory_path() / "cllm-test-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  root_ = name;
}

Sandbox::~Sandbox() { fs::remove_all(root_); }

std::string Sandbox::Write(const std::string& name, const std::string& content) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << content;
  return path(name);
}

Outcome Sandbox::Run(Start start) const {
  start.environment.insert(start.environment.begin(), "CLLM_CACHE=" + path("cache"));
  return RunIn(start, start.directory.empty() ? root_ : start.directory);
}

std::string SomeText(size_t bytes) {
  static constexpr std::array<const char*, 12> kWords = {"the",   "river",  "walks", "walked", "under", "a",
                                                         "Stone", "bridge", "and",   "nobody", "Sees",  "it"};
  std::string text;
  uint64_t state = 12345;
  while (text.size() < bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += kWords[(state >> 33) % kWords.size()];
    text += (state >> 50) % 9 == 0 ? ".\n" : " ";
  }
  return text;
}

std::string ReadAll(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

bool Exists(const std::string& path) { return fs::exists(path); }

std::vector<std::string> TinyRun(const std::string& text, const std::string& out, const std::string& steps) {
  return {"train",   text, "--out",   out,   "--tokenizer", "bytes", "--layers",  "1",
          "--heads", "2",  "--width", "16",  "--hidden",    "32",    "--context", "32",
          "--batch", "4",  "--steps", steps, "--samples",   "0",     "--quiet"};
}

}  // namespace cllm::testing
