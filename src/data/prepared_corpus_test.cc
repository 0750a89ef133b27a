#include "data/prepared_corpus.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/system.h"
#include "base/testing/sanitized.h"
#include "corpus/testing/text_fixture.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

class PreparedCorpusTest : public testing::Test {
 protected:
  TextOptions Options(const std::string& path) {
    return {.corpus = {.paths = {path}}, .cache_directory = cache_.path()};
  }
  SplitText Open(const std::string& path) {
    Result<SplitText> text = SplitText::Open(Options(path));
    EXPECT_TRUE(text.ok()) << text.status().message();
    return *std::move(text);
  }
  PreparedCorpus PrepareBytes(const std::string& path) {
    const SplitText text = Open(path);
    Result<PreparedCorpus> corpus = Prepare(text, bytes_, {});
    EXPECT_TRUE(corpus.ok()) << corpus.status().message();
    return *std::move(corpus);
  }
  std::vector<std::string> CacheFiles() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(cache_.path())) names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::vector<uint32_t> Tokens(const TokenView& view) {
    std::vector<uint32_t> tokens(view.size());
    EXPECT_TRUE(view.Read(0, tokens).ok());
    return tokens;
  }

  TemporaryDirectory files_;
  TemporaryDirectory cache_;
  Tokenizer bytes_ = Tokenizer::Bytes();
};

std::vector<uint32_t> ByteDocument(std::string_view text) {
  std::vector<uint32_t> tokens = {kBeginId};
  for (const char c : text) tokens.push_back(kFirstByteId + static_cast<uint8_t>(c));
  tokens.push_back(kEndId);
  return tokens;
}

TEST_F(PreparedCorpusTest, Bytes_AreBeginTextEnd) {
  const PreparedCorpus corpus = PrepareBytes(files_.Write("a.txt",
                                                          "0123456789\xFF"
                                                          "bcdefghij"));
  EXPECT_EQ(Tokens(corpus.training()), ByteDocument("0123456789\xFF"
                                                    "bcdefgh"));
  EXPECT_EQ(Tokens(corpus.validation()), ByteDocument("ij"));
  EXPECT_EQ(corpus.part(CorpusPart::kTraining),
            (PartStatistics{.tokens = 20, .bytes = 18, .documents = 1, .invalid_bytes = 1}));
  EXPECT_EQ(corpus.part(CorpusPart::kValidation),
            (PartStatistics{.tokens = 4, .bytes = 2, .documents = 1, .invalid_bytes = 0}));
  EXPECT_EQ(corpus.training().vocabulary(), 259u);
  EXPECT_EQ(corpus.tokenizer_hash(), bytes_.hash());
}

TEST_F(PreparedCorpusTest, Documents_KeepTheirBoundaries) {
  std::string lines;
  for (int i = 0; i < 50; ++i) lines += "{\"text\": \"document " + std::to_string(10 + i) + "\"}\n";
  const PreparedCorpus corpus = PrepareBytes(files_.Write("a.jsonl", lines));
  ASSERT_EQ(corpus.part(CorpusPart::kTraining).documents, 45u);
  ASSERT_EQ(corpus.part(CorpusPart::kValidation).documents, 5u);
  for (uint64_t i = 0; i < 45; ++i) EXPECT_EQ(corpus.file().DocumentStart(CorpusPart::kTraining, i), i * 13);
  std::vector<uint32_t> document(13);
  ASSERT_TRUE(corpus.validation().Read(13, document).ok());
  EXPECT_EQ(document, ByteDocument("document 56"));
}

TEST_F(PreparedCorpusTest, SubWords_DecodeToTheText_OnAnyThreads) {
  const std::string sample = SampleText(1'500'000, 11);
  const SplitText text = Open(files_.Write("a.txt", sample));
  const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 400}, text.Source(CorpusPart::kTraining), 1);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  std::string first_file;
  for (const unsigned threads : {1u, 2u, 7u}) {
    for (const std::string& path : CacheFiles()) std::filesystem::remove(path);
    const Result<PreparedCorpus> corpus = Prepare(text, *tokenizer, {.threads = threads});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    const std::string file = ReadText(CacheFiles().front());
    if (threads == 1) first_file = file;
    EXPECT_EQ(file, first_file) << threads;
    EXPECT_EQ(tokenizer->Decode(Tokens(corpus->training())) + tokenizer->Decode(Tokens(corpus->validation())), sample);
  }
}

TEST_F(PreparedCorpusTest, TrainingSource_HoldsNothingOfValidation) {
  const std::string sample = SampleText(10'000, 3) + "ZZZZ";
  const SplitText text = Open(files_.Write("a.txt", sample));
  DocumentCollector training;
  ASSERT_TRUE(text.Source(CorpusPart::kTraining)(training.Visitor()).ok());
  EXPECT_EQ(training.documents().size(), 1u);
  EXPECT_EQ(training.documents()[0].find('Z'), std::string::npos);
}

TEST_F(PreparedCorpusTest, SecondTime_ReadsTheCache) {
  const std::string path = files_.Write("a.txt", SampleText(5000, 1));
  PrepareBytes(path);
  const std::vector<std::string> cached = CacheFiles();
  ASSERT_EQ(cached.size(), 1u);
  const auto written = std::filesystem::last_write_time(cached[0]);
  const SplitText text = Open(path);
  int batches = 0;
  const Result<PreparedCorpus> again = Prepare(text, bytes_, {.threads = 1, .progress = [&](double) { ++batches; }});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(batches, 0);
  EXPECT_EQ(std::filesystem::last_write_time(cached[0]), written);
  EXPECT_TRUE(again->notes().empty());
}

TEST_F(PreparedCorpusTest, DamagedCache_IsMadeAnewWithANote) {
  const std::string path = files_.Write("a.txt", SampleText(5000, 1));
  PrepareBytes(path);
  const std::string cached = CacheFiles().front();
  const std::string whole = ReadText(cached);
  for (const std::string& damaged : {std::string(), std::string("x"), whole.substr(0, whole.size() / 2),
                                     std::string(whole).replace(1000, 1, "\xEE")}) {
    std::ofstream(cached, std::ios::binary | std::ios::trunc) << damaged;
    const PreparedCorpus corpus = PrepareBytes(path);
    ASSERT_EQ(corpus.notes().size(), 1u);
    EXPECT_NE(corpus.notes()[0].find("damaged"), std::string::npos) << corpus.notes()[0];
    EXPECT_NE(corpus.notes()[0].find(cached), std::string::npos) << corpus.notes()[0];
    EXPECT_EQ(ReadText(cached), whole);
  }
}

// First when it is made, then from the cache: what the text has to say is said once each time.
TEST_F(PreparedCorpusTest, NotesOfTheText_AreItsOwn) {
  const std::string path = files_.Write("a.txt", SampleText(9000, 1) + "\xFF\xFE");
  for (int time = 0; time < 2; ++time) {
    const SplitText text = Open(path);
    ASSERT_EQ(text.notes().size(), 1u);
    const Result<PreparedCorpus> corpus = Prepare(text, bytes_, {});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    EXPECT_EQ(corpus->notes(), text.notes());
  }
  const std::string cached = CacheFiles().front();
  WriteText(cached, "x");
  const SplitText text = Open(path);
  const Result<PreparedCorpus> corpus = Prepare(text, bytes_, {});
  ASSERT_TRUE(corpus.ok());
  ASSERT_EQ(corpus->notes().size(), 2u);
  EXPECT_EQ(corpus->notes()[0], text.notes()[0]);
  EXPECT_NE(corpus->notes()[1].find("damaged"), std::string::npos) << corpus->notes()[1];
}

TEST_F(PreparedCorpusTest, CacheOfAnotherText_IsMadeAnewWithANote) {
  const std::string a = files_.Write("a.txt", SampleText(5000, 1)), b = files_.Write("b.txt", SampleText(5000, 2));
  PrepareBytes(a);
  const std::string cached_a = CacheFiles().front(), bytes_a = ReadText(cached_a);
  PrepareBytes(b);
  std::vector<std::string> cached = CacheFiles();
  ASSERT_EQ(cached.size(), 2u);
  const std::string cached_b = cached[0] == cached_a ? cached[1] : cached[0];
  std::ofstream(cached_b, std::ios::binary | std::ios::trunc) << bytes_a;
  const PreparedCorpus corpus = PrepareBytes(b);
  EXPECT_EQ(corpus.notes().size(), 1u);
  EXPECT_NE(ReadText(cached_b), bytes_a);
}

TEST_F(PreparedCorpusTest, ChangedText_HasItsOwnHashAndFile) {
  const std::string path = files_.Write("a.txt", SampleText(5000, 1));
  const PreparedCorpus first = PrepareBytes(path);
  files_.Write("a.txt", SampleText(5000, 2));
  const PreparedCorpus second = PrepareBytes(path);
  EXPECT_NE(first.corpus_hash(), second.corpus_hash());
  EXPECT_TRUE(second.notes().empty());
  EXPECT_EQ(CacheFiles().size(), 2u);
}

TEST_F(PreparedCorpusTest, TemporaryCache_OutlivesItsText) {
  TextOptions options = Options(files_.Write("a.txt", SampleText(5000, 1)));
  const std::vector<uint32_t> expected = Tokens(PrepareBytes(options.corpus.paths[0]).training());
  options.cache_directory = "";
  std::optional<PreparedCorpus> corpus;
  {
    const Result<SplitText> text = SplitText::Open(options);
    ASSERT_TRUE(text.ok());
    Result<PreparedCorpus> prepared = Prepare(*text, bytes_, {});
    ASSERT_TRUE(prepared.ok()) << prepared.status().message();
    corpus.emplace(*std::move(prepared));
  }
  EXPECT_EQ(Tokens(corpus->training()), expected);
}

TEST_F(PreparedCorpusTest, TextThatChangesMeanwhile_LeavesNoFile) {
  const std::string path = files_.Write("a.txt", SampleText(5000, 1));
  const SplitText text = Open(path);
  files_.Write("a.txt", SampleText(5000, 2));
  ExpectError(Prepare(text, bytes_, {}).status(), Code::kBadInput, {"a.txt", "changed"});
  EXPECT_TRUE(CacheFiles().empty());
}

TEST_F(PreparedCorpusTest, ShorterThanAContext_IsAnErrorWithBothNumbers) {
  const PreparedCorpus corpus = PrepareBytes(files_.Write("a.txt", std::string(100, 'x')));
  ASSERT_EQ(corpus.training().size(), 92u);
  EXPECT_TRUE(CheckLongEnough(corpus, 91).ok());
  ExpectError(CheckLongEnough(corpus, 92), Code::kBadInput,
              {"a.txt", "at least 93 tokens", "found 92", "smaller context"});
}

TEST_F(PreparedCorpusTest, OneByte_IsTooShortForAnything) {
  const PreparedCorpus corpus = PrepareBytes(files_.Write("a.txt", "x"));
  ExpectError(CheckLongEnough(corpus, 64), Code::kBadInput, {"a.txt", "at least 65", "found 0"});
}

TEST_F(PreparedCorpusTest, NoValidationText_IsAnError) {
  // A corpus of one character: the cut moves behind it.
  const PreparedCorpus corpus = PrepareBytes(files_.Write("a.txt", "😀"));
  ExpectError(CheckLongEnough(corpus, 2), Code::kBadInput, {"a.txt", "validate", "found 0", "(val)"});
}

TEST_F(PreparedCorpusTest, Progress_RisesToOne) {
  const SplitText text = Open(files_.Write("a.txt", SampleText(10'000'000, 1)));
  std::vector<double> seen;
  ASSERT_TRUE(Prepare(text, bytes_, {.threads = 2, .progress = [&](double done) { seen.push_back(done); }}).ok());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GE(seen.size(), 3u);
  EXPECT_EQ(seen.back(), 1.0);
}

// Preparing one endless line of `bytes` must not need memory in proportion.
// A sanitizer's own memory would be counted as ours.
#ifdef CLLM_SANITIZED
constexpr bool kMeasurable = false;
#else
constexpr bool kMeasurable = true;
#endif

class EndlessLine : public PreparedCorpusTest {
 protected:
  void Run(uint64_t bytes) {
    constexpr uint64_t kLimit = uint64_t{100} << 20;
    {
      std::ofstream file(files_ / "line.txt", std::ios::binary);
      const std::string part = "abcdefghijklmnopqrstuvwxyz0123456789";  // no white space anywhere
      std::string block;
      while (block.size() < (1u << 20)) block += part;
      for (uint64_t written = 0; written < bytes; written += block.size()) file << block;
    }
    const std::string_view documents[] = {"abc abc abcdef abcdef 0123 0123"};
    const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 262}, DocumentSource(documents), 1);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
    const uint64_t before = ReadProcessMemory().resident;
    const SplitText text = Open(files_ / "line.txt");
    const uint64_t scan_peak = ReadProcessMemory().peak_resident;
    EXPECT_LT(scan_peak, before + kLimit) << "scanning";
    const uint64_t anonymous = ReadProcessMemory().anonymous;
    uint64_t peak = 0;
    const auto watch = [&](double) { peak = std::max(peak, ReadProcessMemory().anonymous); };
    const Result<PreparedCorpus> corpus = Prepare(text, *tokenizer, {.threads = 2, .progress = watch});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    EXPECT_GT(peak, anonymous) << "it was measured";
    EXPECT_LT(peak, anonymous + kLimit) << "tokenizing";
    EXPECT_GE(corpus->part(CorpusPart::kTraining).bytes + corpus->part(CorpusPart::kValidation).bytes, bytes);
    RecordProperty("scan_mb", std::to_string((scan_peak - before) >> 20));
    RecordProperty("tokenize_mb", std::to_string((peak - anonymous) >> 20));
  }
};

TEST_F(EndlessLine, Of20MB_NeedsUnder100MB) {
  if (!kMeasurable) GTEST_SKIP() << "memory is not measurable under a sanitizer";
  Run(20'000'000);
}

TEST_F(EndlessLine, Of200MB_NeedsUnder100MB) {
  if (!kMeasurable) GTEST_SKIP() << "memory is not measurable under a sanitizer";
  if (std::getenv("CLLM_SLOW") == nullptr) GTEST_SKIP() << "slow: set CLLM_SLOW=1";
  Run(200'000'000);
}

TEST_F(PreparedCorpusTest, TextThatIsGone_IsFoundByItsHash) {
  const std::string path = files_.Write("a.txt", SampleText(5000, 1));
  const PreparedCorpus corpus = PrepareBytes(path);
  std::filesystem::remove(path);
  const std::string hash = corpus.corpus_hash().Hex();
  const Result<PreparedCorpus> found = FindPrepared(cache_.path(), hash, bytes_, "a.txt");
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(Tokens(found->training()), Tokens(corpus.training()));
  EXPECT_EQ(found->corpus_hash(), corpus.corpus_hash());
  std::string other = hash;
  other[0] = other[0] == '0' ? '1' : '0';
  for (const std::string& wrong : {other, std::string("xyz"), std::string(), hash + "0", std::string(32, '-')}) {
    EXPECT_EQ(FindPrepared(cache_.path(), wrong, bytes_, "a.txt").status().code(), Code::kBadInput) << wrong;
  }
}

// Sets a variable of the environment, and takes it away again.
class LimitOf {
 public:
  explicit LimitOf(const char* limit) { setenv("CLLM_CACHE_LIMIT", limit, 1); }
  ~LimitOf() { unsetenv("CLLM_CACHE_LIMIT"); }
};

TEST_F(PreparedCorpusTest, CacheBeyondItsLimit_LosesWhatIsNotInUse_AndSaysSo) {
  const LimitOf limit("20K");
  const std::string first = files_.Write("a.txt", SampleText(8000, 1)),
                    second = files_.Write("b.txt", SampleText(8000, 2));
  {
    const PreparedCorpus in_use = PrepareBytes(first);
    const PreparedCorpus too_much = PrepareBytes(second);
    EXPECT_TRUE(too_much.notes().empty()) << "in use, both";
    EXPECT_EQ(CacheFiles().size(), 2u);
  }
  const PreparedCorpus third = PrepareBytes(files_.Write("c.txt", SampleText(8000, 3)));
  EXPECT_EQ(CacheFiles().size(), 1u);
  ASSERT_EQ(third.notes().size(), 1u);
  EXPECT_NE(third.notes()[0].find("the tokens of 2 texts"), std::string::npos) << third.notes()[0];
  EXPECT_NE(third.notes()[0].find("CLLM_CACHE_LIMIT"), std::string::npos) << third.notes()[0];
}

TEST_F(PreparedCorpusTest, LimitThatIsNoSize_IsRefusedBeforeTheWork) {
  const LimitOf limit("plenty");
  const SplitText text = Open(files_.Write("a.txt", SampleText(5000, 1)));
  EXPECT_EQ(Prepare(text, bytes_, {}).status().code(), Code::kUsage);
  EXPECT_TRUE(CacheFiles().empty());
}

TEST_F(PreparedCorpusTest, HalfWrittenFileOfAKilledProcess_GoesWithTheNextText) {
  const std::string left = cache_.Write("tokens-0.bin.tmp-1-1", "half");
  std::filesystem::last_write_time(left, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  const struct timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  ASSERT_EQ(utimensat(AT_FDCWD, left.c_str(), times, 0), 0);
  const std::string mine = cache_.Write("mine.txt", "mine");
  EXPECT_TRUE(PrepareBytes(files_.Write("a.txt", SampleText(5000, 1))).notes().empty());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(mine));
}

// What of the tokens is learned: the assistant's contents with their ends.
TEST_F(PreparedCorpusTest, Dialogues_LearnWhatTheAssistantSays) {
  const std::string path = files_ / "a.jsonl";
  std::string lines;
  for (int i = 0; i < 30; ++i) {
    lines +=
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Ho\"}, "
        "{\"role\": \"user\", \"content\": \"So?\"}, {\"role\": \"assistant\", \"content\": \"Yes\"}]}\n";
  }
  WriteText(path, lines);
  TextOptions options = Options(path);
  options.corpus.chat = true;
  for (const size_t threads : {1u, 3u}) {
    const auto text = SplitText::Open(options);
    ASSERT_TRUE(text.ok()) << text.status().message();
    EXPECT_EQ(text->statistics().dialogues, 30u);
    EXPECT_EQ(text->statistics().answers, 60u);
    const auto corpus = Prepare(*text, bytes_, {.threads = threads});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    const std::vector<uint32_t> tokens = Tokens(corpus->training());
    std::string learned;
    size_t ends = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (corpus->scored(CorpusPart::kTraining).CountIn(i, 1) == 0) continue;
      learned += tokens[i] == kEndId ? std::string("|") : std::string(bytes_.TokenBytes(tokens[i]));
      ends += tokens[i] == kEndId;
    }
    EXPECT_EQ(learned.substr(0, 9), " Ho| Yes|");
    EXPECT_EQ(learned.size(), 27u * 9);
    EXPECT_EQ(ends, 54u);
    const std::string document = "user: Hi\n\nassistant: Ho\n\nuser: So?\n\nassistant: Yes";
    std::vector<uint32_t> first(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(document.size() + 3));
    EXPECT_EQ(std::count(first.begin(), first.end(), kEndId), 2) << "one in the middle, one at the end";
    EXPECT_EQ(bytes_.Decode(first), document);
    EXPECT_TRUE(CheckLongEnough(*corpus, 8).ok());
    EXPECT_TRUE(FindPrepared(cache_.path(), corpus->corpus_hash().Hex(), bytes_, "a").ok());
  }
  EXPECT_EQ(CacheFiles().size(), 1u) << "taken from the cache the second time";
  options.corpus.chat = false;
  const auto plain = SplitText::Open(options);
  ASSERT_TRUE(plain.ok());
  const auto corpus = Prepare(*plain, bytes_, {});
  ASSERT_TRUE(corpus.ok());
  EXPECT_TRUE(corpus->scored(CorpusPart::kTraining).all());
  EXPECT_EQ(CacheFiles().size(), 2u) << "the same text, all of it learned, is another";
}

TEST_F(PreparedCorpusTest, DialoguesWithoutAnAnswer_AreTooLittle) {
  const std::string path = files_ / "a.jsonl";
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "{\"messages\": [{\"role\": \"user\", \"content\": \"Is anybody there?\"}]}\n";
  WriteText(path, lines);
  TextOptions options = Options(path);
  options.corpus.chat = true;
  const auto text = SplitText::Open(options);
  ASSERT_TRUE(text.ok()) << text.status().message();
  const auto corpus = Prepare(*text, bytes_, {});
  ASSERT_TRUE(corpus.ok()) << corpus.status().message();
  ExpectError(CheckLongEnough(*corpus, 8), Code::kBadInput, {"expected an answer of the assistant", "to train on"});
}

}  // namespace
}  // namespace cllm
