#include "base/other_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

TEST(OtherProcess, HasOpen_IsTrueWhileTheFileIsOpen) {
  const TemporaryDirectory root;
  const std::string path = root / "file", link = root / "link";
  EXPECT_FALSE(HasOpen(getpid(), path)) << "nothing is there";
  {
    const FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    ASSERT_TRUE(file.is_open());
    EXPECT_TRUE(HasOpen(getpid(), path));
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    EXPECT_TRUE(HasOpen(getpid(), link)) << "by another name";
    EXPECT_FALSE(HasOpen(getppid() == 0 ? 1 : getppid(), path));
  }
  EXPECT_FALSE(HasOpen(getpid(), path));
  EXPECT_FALSE(HasOpen(1 << 30, path)) << "no such process";
}

TEST(OtherProcess, Handles_IsTrueForASignalWithAHandlerAlone) {
  struct sigaction action = {}, former = {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR2, &action, &former), 0);
  EXPECT_TRUE(Handles(getpid(), SIGUSR2));
  action.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  EXPECT_FALSE(Handles(getpid(), SIGUSR2)) << "ignored";
  action.sa_handler = SIG_DFL;
  ASSERT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  EXPECT_FALSE(Handles(getpid(), SIGUSR2)) << "it would end the process";
  ASSERT_EQ(sigaction(SIGUSR2, &former, nullptr), 0);
  EXPECT_FALSE(Handles(1 << 30, SIGUSR1)) << "no such process";
}

}  // namespace
}  // namespace cllm
