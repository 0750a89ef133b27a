#include "base/file_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

FileDescriptor Opened() { return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(FileDescriptor, Destroyed_IsClosed) {
  int fd = -1;
  {
    const FileDescriptor file = Opened();
    fd = file.get();
    ASSERT_TRUE(file.is_open());
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(FileDescriptor, Assigned_ClosesItsOwnAndTakesTheOther) {
  FileDescriptor first = Opened(), second = Opened();
  const int lost = first.get(), kept = second.get();
  first = std::move(second);
  EXPECT_EQ(first.get(), kept);
  EXPECT_FALSE(second.is_open());  // NOLINT: a moved one is none
  EXPECT_TRUE(IsOpen(kept));
  EXPECT_FALSE(IsOpen(lost));
}

TEST(FileDescriptor, Released_StaysOpen) {
  FileDescriptor file = Opened();
  const int fd = file.Release();
  EXPECT_FALSE(file.is_open());
  EXPECT_TRUE(IsOpen(fd));
  EXPECT_EQ(close(fd), 0);
}

TEST(FileDescriptor, OfAFailedOpen_IsNone) { EXPECT_FALSE(FileDescriptor(open("/absent", O_RDONLY)).is_open()); }

}  // namespace
}  // namespace cllm
