#include "terminal/display_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace cllm {
namespace {

class Notes : public RunObserver {
 public:
  void OnNote(const NoteEvent& event) override { sentences.push_back(event.sentence); }
  std::vector<std::string> sentences;
};

// Standard error leads to a full device for a while.
class LostError {
 public:
  LostError() : former_(dup(STDERR_FILENO)) {
    const int full = open("/dev/full", O_WRONLY);
    dup2(full, STDERR_FILENO);
    close(full);
  }
  ~LostError() {
    dup2(former_, STDERR_FILENO);
    close(former_);
    std::clearerr(stderr);
  }
  LostError(const LostError&) = delete;
  LostError& operator=(const LostError&) = delete;

 private:
  int former_;
};

TEST(DisplayWatch, ALossIsTold_Once) {
  Notes notes;
  DisplayWatch watch;
  watch.TellLossTo(notes);
  const LostError lost;
  watch.OnStep({});
  EXPECT_TRUE(notes.sentences.empty()) << "nothing was shown yet";
  std::fprintf(stderr, "step 1\n");
  watch.OnStep({});
  watch.OnEvaluation({});
  watch.OnEnd({});
  EXPECT_EQ(notes.sentences.size(), 1u);
}

TEST(DisplayWatch, ADisplayThatIsSeen_IsNotTold) {
  Notes notes;
  DisplayWatch watch;
  watch.TellLossTo(notes);
  std::fprintf(stderr, "step 1\n");
  watch.OnStep({});
  watch.OnEnd({});
  EXPECT_TRUE(notes.sentences.empty());
}

TEST(DisplayWatch, ALossBeforeTheRun_IsToldInIt) {
  Notes notes;
  DisplayWatch watch;
  const LostError lost;
  std::fprintf(stderr, "note: before\n");
  watch.OnSave({});
  watch.TellLossTo(notes);
  watch.OnSave({});
  EXPECT_EQ(notes.sentences.size(), 1u);
}

}  // namespace
}  // namespace cllm
