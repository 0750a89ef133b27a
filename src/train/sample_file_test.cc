#include "train/sample_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus/testing/text_fixture.h"
#include "monitor/testing/note_keeper.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

TEST(SampleFile, Samples_AreAppendedUnderTheirSteps) {
  TemporaryDirectory root;
  PosixFileSystem files;
  NoteKeeper notes;
  SampleFile samples(files, root / "samples.txt", notes);
  samples.OnSample({10, "once\xFF"});
  samples.OnSample({20, ""});
  EXPECT_EQ(ReadText(root / "samples.txt"), "--- step 10\nonce\xFF\n--- step 20\n\n");
  EXPECT_TRUE(notes.sentences.empty());
}

TEST(SampleFile, FullDisk_IsNotedAndLaterSamplesAreWritten) {
  TemporaryDirectory root;
  PosixFileSystem files;
  FailingFileSystem disk(files);
  NoteKeeper notes;
  SampleFile samples(disk, root / "samples.txt", notes);
  disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
  samples.OnSample({10, "once"});
  EXPECT_EQ(notes.sentences.size(), 1u);
  disk.Heal();
  samples.OnSample({20, "twice"});
  EXPECT_EQ(notes.sentences.size(), 1u);
  EXPECT_THAT(ReadText(root / "samples.txt"), testing::HasSubstr("--- step 20\ntwice\n"));
}

}  // namespace
}  // namespace cllm
