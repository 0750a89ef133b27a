#include "data/token_file.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"
#include "data/token_file_writer.h"
#include "data/token_format.h"

namespace cllm {
namespace {

constexpr CorpusPart kParts[] = {CorpusPart::kTraining, CorpusPart::kValidation};

TokenFileInfo Info(uint64_t vocabulary) {
  return {.vocabulary = vocabulary,
          .begin = 1,
          .end = 2,
          .tokenizer_hash = {.high = 11, .low = 22},
          .corpus_hash = {.high = 33, .low = 44},
          .parts = {}};
}

// Two training documents and one of validation.
Status WriteSample(FileSystem& files, const std::string& path, uint64_t vocabulary) {
  CLLM_ASSIGN(TokenFileWriter writer, TokenFileWriter::Create(files, path, Info(vocabulary)));
  const uint32_t last = static_cast<uint32_t>(vocabulary - 1);
  CLLM_TRY(writer.BeginDocument(CorpusPart::kTraining));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{3, 4, last}, 30));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{5}, 5));
  CLLM_TRY(writer.EndDocument(2));
  CLLM_TRY(writer.BeginDocument(CorpusPart::kTraining));
  CLLM_TRY(writer.EndDocument(0));
  CLLM_TRY(writer.BeginDocument(CorpusPart::kValidation));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{last, 7}, 8));
  CLLM_TRY(writer.EndDocument(1));
  return writer.Finish();
}

class TokenFileTest : public testing::Test {
 protected:
  std::string Sample(uint64_t vocabulary) {
    const std::string path = directory_ / "tokens.bin";
    const Status status = WriteSample(files_, path, vocabulary);
    EXPECT_TRUE(status.ok()) << status.message();
    return path;
  }

  TemporaryDirectory directory_;
  PosixFileSystem files_;
};

TEST_F(TokenFileTest, RoundTrip_OfBothTokenSizes) {
  for (const uint64_t vocabulary : {uint64_t{259}, uint64_t{65'536}, uint64_t{65'537}, uint64_t{1'000'000}}) {
    const Result<TokenFile> file = TokenFile::Open(Sample(vocabulary));
    ASSERT_TRUE(file.ok()) << file.status().message();
    TokenFileInfo expected = Info(vocabulary);
    expected.parts[0] = {.tokens = 8, .bytes = 35, .documents = 2, .invalid_bytes = 2};
    expected.parts[1] = {.tokens = 4, .bytes = 8, .documents = 1, .invalid_bytes = 1};
    EXPECT_EQ(file->info(), expected);
    const uint32_t last = static_cast<uint32_t>(vocabulary - 1);
    const std::vector<uint32_t> tokens[] = {{1, 3, 4, last, 5, 2, 1, 2}, {1, last, 7, 2}};
    for (const CorpusPart part : kParts) {
      const TokenView view = file->tokens(part);
      std::vector<uint32_t> read(view.size());
      ASSERT_TRUE(view.Read(0, read).ok());
      EXPECT_EQ(read, tokens[static_cast<size_t>(part)]);
      for (size_t i = 0; i < read.size(); ++i) EXPECT_EQ(view[i], read[i]);
    }
    EXPECT_EQ(file->DocumentStart(CorpusPart::kTraining, 0), 0u);
    EXPECT_EQ(file->DocumentStart(CorpusPart::kTraining, 1), 6u);
    EXPECT_EQ(file->DocumentStart(CorpusPart::kValidation, 0), 0u);
  }
}

TEST_F(TokenFileTest, SameTokens_AreTheSameBytes) {
  const std::string first = ReadText(Sample(300));
  EXPECT_EQ(ReadText(Sample(300)), first);
  EXPECT_EQ(first.substr(0, 8), "CLLMTOK\n");
  EXPECT_EQ(first.size(), 16u + 12 * 2 + 3 * 8 + 256);
}

TEST_F(TokenFileTest, NoDocuments_IsAValidFile) {
  const std::string path = directory_ / "empty.bin";
  Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, path, Info(259));
  ASSERT_TRUE(writer.ok() && writer->Finish().ok());
  const Result<TokenFile> file = TokenFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->tokens(CorpusPart::kTraining).size(), 0u);
}

TEST_F(TokenFileTest, MoreDocumentsThanAreKeptInMemory_AreAllThere) {
  constexpr uint64_t kDocuments = 200'001;
  const std::string path = directory_ / "many.bin";
  Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, path, Info(259));
  ASSERT_TRUE(writer.ok());
  std::vector<uint64_t> starts;
  uint64_t tokens = 0;
  for (uint64_t i = 0; i < kDocuments; ++i) {
    ASSERT_TRUE(writer->BeginDocument(CorpusPart::kTraining).ok());
    const std::vector<uint32_t> text(i % 3, 9);
    ASSERT_TRUE(writer->Append(text, text.size()).ok());
    ASSERT_TRUE(writer->EndDocument(0).ok());
    starts.push_back(tokens);
    tokens += text.size() + 2;
  }
  ASSERT_TRUE(writer->Finish().ok());
  const Result<TokenFile> file = TokenFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->part(CorpusPart::kTraining).documents, kDocuments);
  for (uint64_t i = 0; i < kDocuments; ++i) ASSERT_EQ(file->DocumentStart(CorpusPart::kTraining, i), starts[i]);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1) << "temporary files are gone";
}

TEST_F(TokenFileTest, CutAtAnyByte_IsRefused) {
  const std::string bytes = ReadText(Sample(70'000));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string path = directory_.Write("cut.bin", bytes.substr(0, size));
    ExpectError(TokenFile::Open(path).status(), Code::kBadInput, {"cut.bin"});
  }
}

TEST_F(TokenFileTest, AnyFlippedBit_IsRefused) {
  const std::string bytes = ReadText(Sample(300));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ExpectError(TokenFile::Open(directory_.Write("flip.bin", damaged)).status(), Code::kBadInput, {"flip.bin"});
    }
  }
}

TEST_F(TokenFileTest, TrailingBytes_AreRefused) {
  const std::string bytes = ReadText(Sample(300));
  ExpectError(TokenFile::Open(directory_.Write("long.bin", bytes + "x")).status(), Code::kBadInput, {"long.bin"});
  ExpectError(TokenFile::Open(directory_.Write("twice.bin", bytes + bytes)).status(), Code::kBadInput, {"twice.bin"});
}

TEST_F(TokenFileTest, NewerFormat_IsRefusedAsThat) {
  std::string bytes = ReadText(Sample(300));
  bytes[8] = 2;
  ExpectError(TokenFile::Open(directory_.Write("new.bin", bytes)).status(), Code::kBadInput, {"new.bin", "2"});
}

TEST_F(TokenFileTest, OtherFiles_AreRefused) {
  ExpectError(TokenFile::Open(directory_ / "none.bin").status(), Code::kBadInput, {"none.bin"});
  ExpectError(TokenFile::Open(directory_.path()).status(), Code::kBadInput, {directory_.path()});
  ExpectError(TokenFile::Open(directory_.Write("x.bin", "")).status(), Code::kBadInput, {"x.bin", "empty"});
  ExpectError(TokenFile::Open(directory_.Write("y.bin", std::string(1000, 'y'))).status(), Code::kBadInput,
              {"y.bin", "another kind"});
}

// Descriptions whose checksums agree but whose numbers do not: what an attacker or a bug would write.
class HostileTokenFile : public TokenFileTest {
 protected:
  // Opens the sample with its description changed and signed anew.
  Status OpenChanged(const std::function<void(TokenDescription&)>& change) {
    std::string bytes = ReadText(Sample(300));
    TokenDescription description;
    const size_t at = bytes.size() - kDescriptionBytes;
    EXPECT_EQ(DecodeDescription(AsBytes(bytes).subspan(at), description), "");
    change(description);
    const DescriptionBytes changed = EncodeDescription(description);
    bytes.replace(at, kDescriptionBytes, AsText(changed));
    return TokenFile::Open(directory_.Write("hostile.bin", bytes)).status();
  }
  void ExpectRefused(const std::function<void(TokenDescription&)>& change) {
    ExpectError(OpenChanged(change), Code::kBadInput, {"hostile.bin"});
  }
};

TEST_F(HostileTokenFile, UnchangedDescription_IsAccepted) {
  EXPECT_TRUE(OpenChanged([](TokenDescription&) {}).ok());
}

TEST_F(HostileTokenFile, SizesThatDoNotFit_AreRefused) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{9}, uint64_t{1} << 32, uint64_t{1} << 61,
                               uint64_t{1} << 62, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    ExpectRefused([=](TokenDescription& d) { d.info.parts[0].tokens = value; });
    ExpectRefused([=](TokenDescription& d) { d.info.parts[1].tokens = value; });
    if (value != 1) ExpectRefused([=](TokenDescription& d) { d.info.parts[1].documents = value; });
    ExpectRefused([=](TokenDescription& d) { d.info.parts[0].documents = value; });
    ExpectRefused([=](TokenDescription& d) { d.documents_offset = value; });
    ExpectRefused([=](TokenDescription& d) { d.file_bytes = value; });
    // Two wrong numbers whose wrapped sum is right.
    if (value == 0) continue;
    ExpectRefused([=](TokenDescription& d) {
      d.info.parts[0].tokens += value;
      d.info.parts[1].tokens -= value;
    });
  }
}

TEST_F(HostileTokenFile, Vocabulary_OutOfRange_IsRefused) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{2}, uint64_t{10}, uint64_t{299}, uint64_t{65'537}, ~uint64_t{0}}) {
    ExpectRefused([=](TokenDescription& d) { d.info.vocabulary = value; });
  }
  ExpectRefused([](TokenDescription& d) { d.info.begin = 300; });
  ExpectRefused([](TokenDescription& d) { d.info.begin = 3; });
  ExpectRefused([](TokenDescription& d) { d.info.end = 3; });
}

TEST_F(HostileTokenFile, PartsMovedOverTheBoundary_AreRefused) {
  // The numbers add up, but validation would start inside a document.
  ExpectRefused([](TokenDescription& d) {
    d.info.parts[0].tokens -= 1;
    d.info.parts[1].tokens += 1;
  });
}

// Fails the `failing`-th operation that writes.
class FullDisk : public PosixFileSystem {
 public:
  explicit FullDisk(int failing) : left_(failing) {}
  bool failed() const { return left_ < 0; }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& path) override {
    CLLM_TRY(Step());
    CLLM_ASSIGN(std::unique_ptr<OutputFile> file, PosixFileSystem::Create(path));
    return std::unique_ptr<OutputFile>(std::make_unique<File>(*this, std::move(file)));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    CLLM_TRY(Step());
    return PosixFileSystem::Rename(from, to);
  }
  Status SyncDirectory(const std::string& path) override {
    CLLM_TRY(Step());
    return PosixFileSystem::SyncDirectory(path);
  }

 private:
  class File : public OutputFile {
   public:
    File(FullDisk& files, std::unique_ptr<OutputFile> file) : files_(files), file_(std::move(file)) {}
    Status Append(ByteView bytes) override {
      CLLM_TRY(files_.Step());
      return file_->Append(bytes);
    }
    Status Sync() override {
      CLLM_TRY(files_.Step());
      return file_->Sync();
    }
    Status Close() override {
      CLLM_TRY(files_.Step());
      return file_->Close();
    }

   private:
    FullDisk& files_;
    std::unique_ptr<OutputFile> file_;
  };

  Status Step() { return left_-- == 0 ? Failed("no space left") : Status(); }
  int left_;
};

TEST_F(TokenFileTest, FailedWrite_LeavesThePreviousFileAndNothingElse) {
  const std::string path = Sample(300);
  const std::string before = ReadText(path);
  int operations = 0;
  for (;; ++operations) {
    FullDisk failing(operations);
    const Status status = WriteSample(failing, path, 400);
    if (!failing.failed()) break;
    ExpectError(status, Code::kFailed, {"no space left"});
    const std::string now = ReadText(path);
    // Only the last step, the sync of the directory, comes behind the change.
    if (now == before) continue;
    EXPECT_TRUE(TokenFile::Open(path).ok());
    ASSERT_TRUE(WriteSample(files_, path, 300).ok());
  }
  EXPECT_GE(operations, 5);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1) << "temporary files are gone";
}

TEST_F(TokenFileTest, UnfinishedWriter_LeavesNothing) {
  {
    Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, directory_ / "x.bin", Info(259));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->BeginDocument(CorpusPart::kTraining).ok());
    EXPECT_FALSE(std::filesystem::is_empty(directory_.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

using Use = TokenFileWriter::Use;

// Two dialogues to train on, one to validate on.
Status WriteDialogues(FileSystem& files, const std::string& path) {
  TokenFileInfo info = Info(259);
  info.has_spans = true;
  CLLM_ASSIGN(TokenFileWriter writer, TokenFileWriter::Create(files, path, info));
  CLLM_TRY(writer.BeginDocument(CorpusPart::kTraining));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{10, 11}, 2, Use::kContext));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{12, 13}, 2));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{2}, 0));  // the turn's end goes on with its span
  CLLM_TRY(writer.Append(std::vector<uint32_t>{14}, 1, Use::kContext));
  CLLM_TRY(writer.EndDocument(0, Use::kContext));
  CLLM_TRY(writer.BeginDocument(CorpusPart::kTraining));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{15}, 1));
  CLLM_TRY(writer.EndDocument(0));
  CLLM_TRY(writer.BeginDocument(CorpusPart::kValidation));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{16}, 1, Use::kContext));
  CLLM_TRY(writer.Append(std::vector<uint32_t>{17}, 3));
  CLLM_TRY(writer.EndDocument(0));
  return writer.Finish();
}

std::vector<uint64_t> ScoredTokens(const TokenFile& file, CorpusPart part) {
  std::vector<uint64_t> scored;
  for (uint64_t i = 0; i < file.tokens(part).size(); ++i) {
    if (file.scored(part).CountIn(i, 1) != 0) scored.push_back(i);
  }
  return scored;
}

TEST_F(TokenFileTest, Spans_RoundTrip) {
  const std::string path = directory_ / "dialogues.bin";
  ASSERT_TRUE(WriteDialogues(files_, path).ok());
  const Result<TokenFile> file = TokenFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_TRUE(file->info().has_spans);
  // begin 10 11 [12 13 end] 14 end | begin [15 end]
  EXPECT_EQ(ScoredTokens(*file, CorpusPart::kTraining), (std::vector<uint64_t>{3, 4, 5, 9, 10}));
  EXPECT_EQ(ScoredTokens(*file, CorpusPart::kValidation), (std::vector<uint64_t>{2, 3}));
  const PartStatistics& training = file->part(CorpusPart::kTraining);
  EXPECT_EQ(training.spans, 2u);
  EXPECT_EQ(training.scored_tokens, 5u);
  EXPECT_EQ(training.scored_bytes, 3u);
  EXPECT_EQ(file->part(CorpusPart::kValidation).scored_bytes, 3u);
  EXPECT_EQ(ReadText(path)[8], 2) << "format 2";
}

// What is learned in whole is what 0.1.0 wrote, byte for byte.
TEST_F(TokenFileTest, WithoutSpans_TheFileHasFormat1) {
  const std::string path = Sample(259), bytes = ReadText(path);
  EXPECT_EQ(bytes[8], 1);
  const Result<TokenFile> file = TokenFile::Open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->info().has_spans);
  EXPECT_TRUE(file->scored(CorpusPart::kTraining).all());
  EXPECT_EQ(bytes.substr(bytes.size() - 256 + 152, 88), std::string(88, '\0'));
}

TEST_F(TokenFileTest, Spans_TruncatedOrChanged_AreRefused) {
  const std::string path = directory_ / "dialogues.bin", damaged = directory_ / "damaged.bin";
  ASSERT_TRUE(WriteDialogues(files_, path).ok());
  const std::string whole = ReadText(path);
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteText(damaged, whole.substr(0, size));
    EXPECT_FALSE(TokenFile::Open(damaged).ok()) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string other = whole;
    other[i] = static_cast<char>(other[i] ^ 1);
    WriteText(damaged, other);
    EXPECT_FALSE(TokenFile::Open(damaged).ok()) << "byte " << i;
  }
}

TEST_F(TokenFileTest, ManySpans_GoThroughAFileOfTheirOwn) {
  const std::string path = directory_ / "many.bin";
  TokenFileInfo info = Info(259);
  info.has_spans = true;
  constexpr uint64_t kTurns = 40'000;  // two numbers each: more than are kept in memory
  {
    Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, path, info);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->BeginDocument(CorpusPart::kTraining).ok());
    for (uint64_t i = 0; i < kTurns; ++i) {
      ASSERT_TRUE(writer->Append(std::vector<uint32_t>{10}, 1, Use::kContext).ok());
      ASSERT_TRUE(writer->Append(std::vector<uint32_t>{11}, 1).ok());
    }
    ASSERT_TRUE(writer->EndDocument(0, Use::kContext).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  const Result<TokenFile> file = TokenFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->part(CorpusPart::kTraining).spans, kTurns);
  EXPECT_EQ(file->scored(CorpusPart::kTraining).CountIn(0, 2 * kTurns + 2), kTurns);
  EXPECT_EQ(file->scored(CorpusPart::kTraining).CountIn(2 * kTurns, 1), 1u);
  EXPECT_EQ(files_.List(directory_.path())->size(), 1u) << "nothing is left behind";
}

}  // namespace
}  // namespace cllm
