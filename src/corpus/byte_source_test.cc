#include "corpus/byte_source.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

std::string ReadWhole(ByteSource& source, size_t block) {
  std::string all, piece(block, '\0');
  while (true) {
    const Result<size_t> count = source.Read(piece);
    if (!count.ok() || *count == 0) return all;
    all.append(piece, 0, *count);
  }
}

TEST(ByteSource, Path_IsReadToItsEnd_WhateverTheBlock) {
  const TemporaryDirectory files;
  const std::string text = SampleText(10'000, 1), path = files.Write("a", text);
  for (const size_t block : {1u, 7u, 4096u, 100'000u}) EXPECT_EQ(ReadWhole(**ReadPath(path), block), text) << block;
  ExpectError(ReadPath(files / "none").status(), Code::kBadInput, {"none", "No such file"});
}

// Two sources on one descriptor do not move each other.
TEST(ByteSource, Descriptor_IsReadFromItsStart_WhateverItsPosition) {
  const TemporaryDirectory files;
  const FileDescriptor file(open(files.Write("a", "some text").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(lseek(file.get(), 4, SEEK_SET), 4);
  const auto one = ReadDescriptor(file.get(), "a"), other = ReadDescriptor(file.get(), "a");
  std::string piece(3, '\0');
  ASSERT_EQ(*one->Read(piece), 3u);
  EXPECT_EQ(ReadWhole(*other, 5), "some text");
  EXPECT_EQ(ReadWhole(*one, 5), "e text");
}

TEST(ByteSource, Spool_TakesAPipe_AndLeavesNoName) {
  const TemporaryDirectory directory;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor input(ends[0]);
  const std::string text = SampleText(700'000, 3);
  const std::jthread writer([&text, fd = ends[1]] {
    for (size_t done = 0; done < text.size();) {
      const ssize_t count = write(fd, text.data() + done, std::min<size_t>(1000, text.size() - done));
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    close(fd);
  });
  const Result<FileDescriptor> copy = SpoolToFile(input.get(), "pipe", directory.path());
  ASSERT_TRUE(copy.ok()) << copy.status().message();
  EXPECT_EQ(ReadWhole(*ReadDescriptor(copy->get(), "pipe"), 4096), text);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace cllm
