#include "terminal/process_streams.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <sstream>
#include <string>

#include "terminal/testing/in_child.h"

namespace cllm {
namespace {

using testing::HasSubstr;

// Puts another file on standard output for a while.
class OutputTo {
 public:
  explicit OutputTo(int file) : former_(dup(STDOUT_FILENO)) { dup2(file, STDOUT_FILENO); }
  ~OutputTo() {
    dup2(former_, STDOUT_FILENO);
    close(former_);
  }
  OutputTo(const OutputTo&) = delete;
  OutputTo& operator=(const OutputTo&) = delete;

 private:
  int former_;
};

// In each of the eight combinations a file that is opened afterwards lies above 2.
TEST(ProcessStreams, ClosedDescriptors_AreNotTakenByFiles) {
  for (int closed = 0; closed < 8; ++closed) {
    EXPECT_EQ(InChild([&] {
                for (int d = 0; d < 3; ++d) {
                  if ((closed >> d & 1) != 0) close(d);
                }
                OccupyClosedDescriptors();
                return open("/", O_RDONLY | O_DIRECTORY) > STDERR_FILENO ? 0 : 1;
              }),
              0)
        << closed;
  }
}

TEST(ProcessStreams, ClosedOutputAndInput_Refuse_ClosedErrorSwallows) {
  EXPECT_EQ(InChild([] {
              for (int d = 0; d < 3; ++d) close(d);
              OccupyClosedDescriptors();
              char c = 'x';
              return (write(1, &c, 1) == -1 ? 0 : 1) + (read(0, &c, 1) == -1 ? 0 : 2) + (write(2, &c, 1) == 1 ? 0 : 4);
            }),
            0);
}

TEST(ProcessStreams, OpenDescriptors_StayAsTheyAre) {
  EXPECT_EQ(InChild([] {
              std::array<int, 2> pipe_ends;
              if (pipe(pipe_ends.data()) != 0) return 1;
              dup2(pipe_ends[1], 1);
              OccupyClosedDescriptors();
              char c = 'x';
              return write(1, "y", 1) == 1 && read(pipe_ends[0], &c, 1) == 1 && c == 'y' ? 0 : 2;
            }),
            0);
}

TEST(PrintedOutput, EverythingArrives_SmallAndLarge) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  std::string expected;
  {
    const OutputTo there(ends[1]);
    std::ostringstream stream;
    PrintedOutput output(stream);
    for (int i = 0; i < 2000; ++i) {
      stream << i << '\n';
      expected += std::to_string(i) + "\n";
    }
    stream.put('z');
    expected += 'z';
    EXPECT_TRUE(output.Finish().ok());
  }
  close(ends[1]);
  std::string seen(expected.size() + 1, '\0');
  seen.resize(static_cast<size_t>(std::max<ssize_t>(read(ends[0], seen.data(), seen.size()), 0)));
  close(ends[0]);
  EXPECT_EQ(seen, expected);
}

TEST(PrintedOutput, FullDevice_IsSaidWithItsReason_AndTheStreamFails) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  const OutputTo there(full);
  std::ostringstream stream;
  PrintedOutput output(stream);
  stream << "short";
  EXPECT_TRUE(stream.good()) << "not written yet";
  stream << std::string(1 << 17, 'x');
  EXPECT_FALSE(stream.good());
  EXPECT_EQ(output.Finish().message(), "standard output: cannot write: No space left on device");
  close(full);
}

TEST(PrintedOutput, FullDevice_IsSeenAtTheEnd) {
  const int full = open("/dev/full", O_WRONLY);
  const OutputTo there(full);
  std::ostringstream stream;
  PrintedOutput output(stream);
  stream << "short";
  EXPECT_THAT(output.Finish().message(), HasSubstr("No space left"));
  close(full);
}

TEST(PrintedOutput, ClosedPipe_WhereItsSignalIsIgnored_IsSaid) {
  const auto former = signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  {
    const OutputTo there(ends[1]);
    std::ostringstream stream;
    PrintedOutput output(stream);
    stream << "text" << std::flush;
    EXPECT_THAT(output.Finish().message(), HasSubstr("Broken pipe"));
  }
  close(ends[1]);
  signal(SIGPIPE, former);
}

TEST(PrintedOutput, NothingPrinted_NothingLost) {
  const int full = open("/dev/full", O_WRONLY);
  const OutputTo there(full);
  std::ostringstream stream;
  PrintedOutput output(stream);
  EXPECT_TRUE(output.Finish().ok());
  close(full);
}

}  // namespace
}  // namespace cllm
