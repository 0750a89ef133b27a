#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <string>

#include "api/testing/small_trainings.h"

namespace cllm {
namespace {

// Standard output and error of this process go to a file while it lives.
class Captured {
 public:
  explicit Captured(const std::string& path) {
    std::fflush(nullptr);
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    for (const int fd : {1, 2}) {
      kept_[static_cast<size_t>(fd - 1)] = dup(fd);
      dup2(file, fd);
    }
    close(file);
  }
  ~Captured() {
    std::fflush(nullptr);
    for (const int fd : {1, 2}) {
      dup2(kept_[static_cast<size_t>(fd - 1)], fd);
      close(kept_[static_cast<size_t>(fd - 1)]);
    }
  }

 private:
  std::array<int, 2> kept_{};
};

class SilenceTest : public SmallTrainings {
 protected:
  // Each thing that the library does, and each kind of failure.
  void UseAll() {
    TrainOptions options = Small("run");
    options.tokenizer = "bpe:270";
    options.text = {.documents = {ReadText(Text()), "\xff\xfe odd \xc3"}};
    ok_ += Train(options, StopAt<StepDone>([](const StepDone& step) { return step.step == 4; })).has_value();
    ok_ += Resume({.directory = options.directory}).has_value();
    ok_ += Train(options).has_value();
    ok_ += Train({.text = {.files = {root_ / "nothing"}}}).has_value();
    ok_ += Resume({.directory = root_ / "nothing"}).has_value();
    const Expected<Model> model = Model::Open(options.directory);
    ok_ += Model::Open(root_ / "nothing").has_value();
    ok_ += model->Evaluate({.files = {Text()}}).has_value();
    Expected<Generator> generator = Generator::Start(*model);
    ok_ += generator->Generate("line", {.tokens = 10}).has_value();
    ok_ += generator->Generate("line", {.temperature = -1}).has_value();
    const std::array<std::string, 2> prompts = {"a", "b"};
    ok_ += generator->GenerateAll(prompts, {.tokens = 5}).has_value();
    ok_ += Export(options.directory, {.out = root_ / "a.gguf", .verify = true}).has_value();
    ok_ += Export(options.directory, {.out = root_ / "a.gguf"}).has_value();
    ok_ += Import(root_ / "a.gguf", root_ / "back").has_value();
    ok_ += Import(root_ / "nothing.gguf", root_ / "x").has_value();
  }
  int ok_ = 0;
};

std::array<void (*)(int), 6> Handlers() {
  std::array<void (*)(int), 6> handlers{};
  size_t i = 0;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1}) {
    struct sigaction action {};
    sigaction(number, nullptr, &action);
    handlers[i++] = action.sa_handler;
  }
  return handlers;
}

TEST_F(SilenceTest, Library_PrintsNothingAndLeavesTheProcessAsItWas) {
  const auto handlers = Handlers();
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  const auto directory = std::filesystem::current_path();
  sigset_t before, after;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    const Captured captured(root_ / "printed");
    UseAll();
  }
  EXPECT_EQ(ReadText(root_ / "printed"), "");
  EXPECT_EQ(ok_, 7);
  EXPECT_EQ(Handlers(), handlers);
  EXPECT_EQ(std::setlocale(LC_ALL, nullptr), locale);
  EXPECT_EQ(std::filesystem::current_path(), directory);
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int number = 1; number < 32; ++number) EXPECT_EQ(sigismember(&before, number), sigismember(&after, number));
}

}  // namespace
}  // namespace cllm
