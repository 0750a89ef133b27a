#include "corpus/corpus.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "corpus/statistics_counter.h"
#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

std::string GzipFile(const std::string& text) {
  const TemporaryDirectory directory;
  const std::string path = directory / "x.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(file);
  return ReadText(path);
}

// Nothing is unreadable to root: acts as another user while this lives.
class AnotherUser {
 public:
  AnotherUser() : user_(geteuid()) { EXPECT_TRUE(user_ != 0 || seteuid(kNobody) == 0); }
  ~AnotherUser() { EXPECT_TRUE(user_ != 0 || seteuid(user_) == 0); }

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t user_;
};

class CorpusTest : public testing::Test {
 protected:
  Result<std::vector<std::string>> Documents(const CorpusOptions& options) {
    CLLM_ASSIGN(const Corpus corpus, Corpus::Open(options, spool_.path()));
    DocumentCollector collector;
    CLLM_TRY(corpus.Read(collector.Visitor()));
    EXPECT_FALSE(collector.open());
    DocumentCollector again;
    CLLM_TRY(corpus.Read(again.Visitor()));
    EXPECT_EQ(again.documents(), collector.documents()) << "a second pass reads the same";
    return collector.documents();
  }
  void ExpectDocuments(const CorpusOptions& options, const std::vector<std::string>& expected) {
    const Result<std::vector<std::string>> documents = Documents(options);
    ASSERT_TRUE(documents.ok()) << documents.status().message();
    EXPECT_EQ(*documents, expected);
  }
  void ExpectBad(const CorpusOptions& options, const std::vector<std::string>& parts) {
    ExpectError(Documents(options).status(), Code::kBadInput, parts);
  }

  TemporaryDirectory files_;
  TemporaryDirectory spool_;
};

TEST_F(CorpusTest, File_IsOneDocument) {
  ExpectDocuments({.paths = {files_.Write("a.txt", "line one\nline two\n")}}, {"line one\nline two\n"});
}

TEST_F(CorpusTest, NamedFile_MayHaveAnyExtension) {
  ExpectDocuments({.paths = {files_.Write("a.log", "text")}}, {"text"});
}

TEST_F(CorpusTest, Directory_GivesItsTextsSortedByPath) {
  files_.Write("d/b.txt", "b");
  files_.Write("d/a.md", "a");
  files_.Write("d/sub/c.TXT", "c");
  files_.Write("d/z.txt.gz", GzipFile("z"));
  files_.Write("d/picture.png", std::string("\x89PNG\0", 5));
  files_.Write("d/.hidden.txt", "no");
  files_.Write("d/.git/x.txt", "no");
  files_.Write("d/empty.txt", "");
  ExpectDocuments({.paths = {files_ / "d"}}, {"a", "b", "c", "z"});
}

TEST_F(CorpusTest, Paths_AreSortedAndReadOnce) {
  const std::string a = files_.Write("a.txt", "a"), b = files_.Write("b.txt", "b");
  ExpectDocuments({.paths = {b, a, files_.path(), files_ / "./a.txt"}}, {"a", "b"});
}

TEST_F(CorpusTest, Glob_MatchesFilesOfAnyExtension) {
  files_.Write("a1.log", "1");
  files_.Write("a2.log", "2");
  files_.Write("b.log", "b");
  ExpectDocuments({.paths = {files_ / "a*.log"}}, {"1", "2"});
}

TEST_F(CorpusTest, FileWhoseNameLooksLikeAGlob_IsThatFile) {
  files_.Write("a1.txt", "no");
  ExpectDocuments({.paths = {files_.Write("a[1].txt", "yes")}}, {"yes"});
}

TEST_F(CorpusTest, Separator_SplitsAFile) {
  const std::string path = files_.Write("a.txt", "one<|end|>two<|<|end|><|end|>three<|end");
  ExpectDocuments({.paths = {path}, .separator = "<|end|>"}, {"one", "two<|", "three<|end"});
}

TEST_F(CorpusTest, JsonLines_EachIsADocument) {
  const std::string path = files_.Write("a.jsonl",
                                        "{\"text\": \"one\\nline\", \"n\": [1, {\"text\": \"inner\"}]}\r\n"
                                        "\n"
                                        "{\"id\": 1.5e3, \"text\": \"zw\\u00f6lf \\ud83d\\ude00\", \"x\": null}\n"
                                        "{\"text\": \"\"}\n"
                                        "{\"text\": \"last\"}");
  ExpectDocuments({.paths = {path}, .separator = "one"}, {"one\nline", "zwölf 😀", "last"});
}

TEST_F(CorpusTest, JsonLinesField_IsTheNamedOne) {
  const std::string path = files_.Write("a.jsonl", "{\"text\": \"no\", \"body\": \"yes\"}\n");
  ExpectDocuments({.paths = {path}, .field = "body"}, {"yes"});
}

TEST_F(CorpusTest, CompressedJsonLines_AreRead) {
  ExpectDocuments({.paths = {files_.Write("a.jsonl.gz", GzipFile("{\"text\": \"one\"}\n{\"text\": \"two\"}\n"))}},
                  {"one", "two"});
}

TEST_F(CorpusTest, InvalidUtf8AndLateNul_AreKeptAndCounted) {
  const std::string text = std::string(9000, 'x') + "\xFF\xFE caf\xE9 " + std::string(2, '\0') + "end";
  const std::string path = files_.Write("a.txt", text);
  ExpectDocuments({.paths = {path}}, {text});
  const Result<Corpus> corpus = Corpus::Open({.paths = {path}}, spool_.path());
  ASSERT_TRUE(corpus.ok());
  StatisticsCounter counter;
  ASSERT_TRUE(corpus->Read([&](const TextBlock& block) { return counter.Add(block), Status(); }).ok());
  const CorpusStatistics found = counter.Statistics();
  EXPECT_EQ(found.bytes, text.size());
  EXPECT_EQ(found.documents, 1u);
  EXPECT_EQ(found.invalid_bytes, 3u);
  EXPECT_EQ(found.nul_bytes, 2u);
}

TEST_F(CorpusTest, Missing_IsRefusedByName) {
  ExpectBad({.paths = {files_ / "none.txt"}}, {"none.txt", "No such file", "expected"});
}

TEST_F(CorpusTest, Empty_IsRefusedByName) {
  ExpectBad({.paths = {files_.Write("a.txt", "")}}, {"a.txt", "empty", "expected text"});
}

TEST_F(CorpusTest, CompressedNothing_IsRefusedByName) {
  ExpectBad({.paths = {files_.Write("a.txt.gz", GzipFile(""))}}, {"a.txt.gz", "empty"});
}

TEST_F(CorpusTest, Unreadable_IsRefusedByName) {
  const std::string path = files_.Write("a.txt", "secret");
  ASSERT_EQ(chmod(files_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const AnotherUser user;
  ExpectError(Corpus::Open({.paths = {path}}, spool_.path()).status(), Code::kBadInput,
              {"a.txt", "cannot be read", "Permission denied"});
}

TEST_F(CorpusTest, UnreadableDirectory_IsRefusedByName_AndLeftOutBelowOne) {
  files_.Write("d/sub/a.txt", "secret");
  files_.Write("d/b.txt", "open");
  ASSERT_EQ(chmod(files_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod((files_ / "d/sub").c_str(), 0), 0);
  {
    const AnotherUser user;
    ExpectError(Corpus::Open({.paths = {files_ / "d/sub"}}, spool_.path()).status(), Code::kBadInput,
                {"directory", "cannot be read", "Permission denied"});
    const Result<Corpus> corpus = Corpus::Open({.paths = {files_ / "d"}}, spool_.path());
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    EXPECT_NE(corpus->Notes().at(0).find("Permission denied"), std::string::npos) << corpus->Notes().at(0);
  }
  ASSERT_EQ(chmod((files_ / "d/sub").c_str(), 0755), 0);
}

TEST_F(CorpusTest, Binary_IsRefusedByName) {
  ExpectBad({.paths = {files_.Write("a.txt", std::string("\x7F"
                                                         "ELF\x02\x01\0\0",
                                                         8))}},
            {"a.txt", "binary", "NUL byte at offset 6"});
  std::string controls;
  for (int i = 1; i < 200; ++i) controls += static_cast<char>(i % 100 < 8 ? i % 8 + 1 : 'a');
  ExpectBad({.paths = {files_.Write("b.txt", controls)}}, {"b.txt", "binary", "control bytes"});
  std::string wide;
  for (const char c : std::string("UTF-16 without a mark")) (wide += c) += '\0';
  ExpectBad({.paths = {files_.Write("c.txt", wide)}}, {"c.txt", "UTF-16", "iconv -f UTF-16LE -t UTF-8"});
  std::string noise = "\xFF\xFE";
  for (int i = 0; i < 400; ++i) noise += static_cast<char>(i % 3 == 0 ? 'x' : 0xD8 + i % 4);
  ExpectBad({.paths = {files_.Write("n.mp3", noise)}}, {"n.mp3", "binary", "starts like UTF-16"});
  ExpectBad({.paths = {files_.Write("d.txt.gz", GzipFile(std::string(100, '\0')))}}, {"d.txt.gz", "binary"});
  ExpectBad({.paths = {files_.Write("e.txt", GzipFile("compressed without the name for it"))}},
            {"e.txt", "compressed with gzip", "gunzip -c"});
}

TEST_F(CorpusTest, MarkedTexts_AreUtf8WithoutTheirMark) {
  const std::string wide("\xFE\xFF\0h\0\xE9\xD8\x3D\xDE\0", 10), lone("\xFF\xFE\x3D\xD8h\0i\0", 8);
  ExpectDocuments({.paths = {files_.Write("a.txt", wide), files_.Write("b.txt", "\xEF\xBB\xBFmarked"),
                             files_.Write("c.txt.gz", GzipFile(wide))}},
                  {"hé😀", "marked", "hé😀"});
  ExpectDocuments({.paths = {files_.Write("a.jsonl", "\xEF\xBB\xBF{\"text\": \"one\"}\n")}}, {"one"});
  Result<Corpus> corpus = Corpus::Open({.paths = {files_.Write("l.txt", lone + std::string(100, ' '))}}, "");
  ASSERT_TRUE(corpus.ok()) << corpus.status().message();
  ASSERT_TRUE(corpus->Scan([](const TextBlock&) { return Status(); })->complete);
  ASSERT_EQ(corpus->Notes().size(), 1u);
  EXPECT_NE(corpus->Notes()[0].find("l.txt from UTF-16 is converted; U+FFFD stands for 1 place"), std::string::npos)
      << corpus->Notes()[0];
}

TEST_F(CorpusTest, TextWithUsualControls_IsNoBinary) {
  const std::string text = "\x1B[1mbold\x1B[0m\tx\r\n\f\v\b";
  ExpectDocuments({.paths = {files_.Write("a.txt", text)}}, {text});
}

TEST_F(CorpusTest, NulInTheFirst8KiB_IsBinary_BehindItIsText) {
  const std::string inside = std::string(8191, 'x') + '\0', behind = std::string(8192, 'x') + '\0';
  ExpectBad({.paths = {files_.Write("a.txt", inside)}}, {"a.txt", "binary", "8191"});
  ExpectDocuments({.paths = {files_.Write("b.txt", behind)}}, {behind});
}

TEST_F(CorpusTest, DirectoryWithoutText_IsRefusedByName) {
  files_.Write("d/picture.png", std::string(10, '\0'));
  files_.Write("d/empty.txt", "");
  ExpectBad({.paths = {files_ / "d"}}, {"/d", "holds no text", "1 binary file", "1 empty file", "empty.txt"});
}

TEST_F(CorpusTest, Summary_CountsWhatIsReadAndWhatIsNot) {
  files_.Write("d/a.txt", "12345");
  files_.Write("d/b.py", "123");
  files_.Write("d/x.so", std::string(2048, '\0'));
  files_.Write("d/.git/config", "x");
  Result<Corpus> corpus = Corpus::Open({.paths = {files_ / "d"}}, spool_.path());
  ASSERT_TRUE(corpus.ok());
  ASSERT_TRUE(corpus->Scan([](const TextBlock&) { return Status(); })->complete);
  const std::vector<std::string> expected = {"2 files read, 8 bytes; left out: 1 binary file (" + (files_ / "d/x.so") +
                                             "; 2.0 KiB), 1 hidden (" + (files_ / "d/.git") +
                                             "); name a file or folder to have it read"};
  EXPECT_EQ(corpus->Notes(), expected);
}

TEST_F(CorpusTest, DamageInTheMiddle_IsLeftOutOfAFolder_AndRefusedWhereNamed) {
  const std::string whole = GzipFile(SampleText(200'000, 1));
  const std::string bad = files_.Write("d/a.txt.gz", whole.substr(0, whole.size() - 9));
  const std::string worse = files_.Write("d/b.txt.gz", whole.substr(0, whole.size() - 9));
  files_.Write("d/c.txt", "sound");
  Result<Corpus> corpus = Corpus::Open({.paths = {files_ / "d"}}, spool_.path());
  ASSERT_TRUE(corpus.ok());
  const auto pass = [](const TextBlock&) { return Status(); };
  EXPECT_FALSE(corpus->Scan(pass)->complete);
  const Result<CorpusScan> again = corpus->Scan(pass);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->complete);
  EXPECT_EQ(again->statistics.bytes, 5u);
  EXPECT_NE(corpus->Notes().at(0).find("2 damaged files"), std::string::npos) << corpus->Notes().at(0);
  Result<Corpus> named = Corpus::Open({.paths = {bad, worse}}, spool_.path());
  ASSERT_TRUE(named.ok());
  ExpectError(named->Scan(pass).status(), Code::kBadInput, {"2 of the texts", "a.txt.gz ends", "b.txt.gz ends"});
}

TEST_F(CorpusTest, GlobWithoutMatch_IsRefused) {
  ExpectBad({.paths = {files_ / "*.txt"}}, {"*.txt", "matches no file"});
}

TEST_F(CorpusTest, Device_IsRefused) { ExpectBad({.paths = {"/dev/null"}}, {"/dev/null", "device"}); }

TEST_F(CorpusTest, DamagedCompression_IsRefusedByName) {
  const std::string whole = GzipFile(SampleText(50'000, 1));
  ExpectBad({.paths = {files_.Write("a.txt.gz", whole.substr(0, whole.size() / 2))}}, {"a.txt.gz", "middle"});
  ExpectBad({.paths = {files_.Write("b.txt.gz", "plain text")}}, {"b.txt.gz", "damaged", "gzip"});
  ExpectBad({.paths = {files_.Write("c.txt.xz", "plain text of more than 12 bytes")}}, {"c.txt.xz", "damaged", "xz"});
  ExpectBad({.paths = {files_.Write("d.txt.zst", "plain text")}}, {"d.txt.zst", "damaged", "zstd"});
}

TEST_F(CorpusTest, BadJsonLine_IsToldByFileAndLine) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"[1, 2]", {"JSON object", "an array"}},
      {"\"text\"", {"JSON object", "a string"}},
      {"12", {"JSON object", "a number"}},
      {"null", {"JSON object", "null"}},
      {"{\"body\": \"x\"}", {"\"text\"", "only body", "(`field`)"}},
      {"{\"text\": 3}", {"a string", "\"text\"", "a number"}},
      {"{\"text\": null}", {"a string", "null"}},
      {"{\"text\": {}}", {"a string", "an object"}},
      {"{\"text\": [7]}", {"messages", "a number"}},
      {"{\"text\": \"a\", \"text\": \"b\"}", {"two"}},
      {"{\"text\": \"a\"", {"syntax"}},
      {"{\"text\": \"a\"} x", {"syntax"}},
      {"{\"text\": \"\xFF\"}", {"not UTF-8"}},
      {"{\"text\": \"a\", \"n\": 1e999}", {"syntax"}},
      {"plain words", {"syntax"}},
      {std::string(100'000, '['), {"array"}},
      {"{\"text\": \"a\", \"deep\": " + std::string(100'000, '['), {"64 levels", "more"}},
  };
  for (const auto& [line, parts] : cases) {
    std::vector<std::string> expected = parts;
    expected.insert(expected.end(), {"a.jsonl: 1 of 2 lines are bad", "line 3: "});
    ExpectBad({.paths = {files_.Write("a.jsonl", "{\"text\": \"fine\"}\n\n" + line + "\n")}}, expected);
  }
}

TEST_F(CorpusTest, JsonLineOfOneLevel64_IsRead_Deeper_IsNot) {
  const auto nested = [](size_t levels) {
    return "{\"n\": " + std::string(levels, '[') + std::string(levels, ']') + ", \"text\": \"x\"}";
  };
  ExpectDocuments({.paths = {files_.Write("a.jsonl", nested(63))}}, {"x"});
  ExpectBad({.paths = {files_.Write("b.jsonl", nested(64))}}, {"b.jsonl", "line 1: ", "64"});
}

TEST_F(CorpusTest, EndlessJsonLine_IsRefused) {
  const std::string path =
      files_.Write("a.jsonl", "{\"text\": \"x\"}\n{\"text\": \"" + std::string(17u << 20, 'x') + "\"}\n");
  ExpectBad({.paths = {path}}, {"a.jsonl", "line 2 is longer", "16 MiB"});
}

TEST_F(CorpusTest, BadJsonLines_AreLeftOutUpToOneInAHundred) {
  std::string lines;
  std::vector<std::string> expected;
  for (int i = 1; i <= 600; ++i) {
    const bool bad = i % 100 == 50;
    if (!bad) expected.push_back("document " + std::to_string(i));
    lines += bad ? (i == 50 ? "{\"text\": 5}\n" : i == 150 ? std::string(17u << 20, 'x') + "\n" : "{broken\n")
                 : "{\"text\": \"" + expected.back() + "\"}\n";
  }
  const std::string path = files_.Write("d/a.jsonl", lines);
  ExpectDocuments({.paths = {path}}, expected);
  Result<Corpus> corpus = Corpus::Open({.paths = {path}}, spool_.path());
  const auto pass = [](const TextBlock&) { return Status(); };
  ASSERT_TRUE(corpus->Scan(pass)->complete);
  EXPECT_EQ(corpus->Notes().at(0), "left out as bad: 6 of 600 lines of " + path +
                                       " (numbers 50, 150, 250, 350, 450 and 1 more; line 50: expected a string in "
                                       "field \"text\", found a number)");
  files_.Write("d/a.jsonl", lines + "{one more\n");
  ExpectBad({.paths = {path}}, {"7 of 601 lines are bad", "one in a hundred", "line 50: "});
  files_.Write("d/b.txt", "text");
  Result<Corpus> folder = Corpus::Open({.paths = {files_ / "d"}}, spool_.path());
  EXPECT_FALSE(folder->Scan(pass)->complete);
  EXPECT_EQ(folder->Scan(pass)->statistics.bytes, 4u);
  EXPECT_NE(folder->Notes().at(0).find("1 .jsonl file with bad lines"), std::string::npos) << folder->Notes().at(0);
}

TEST_F(CorpusTest, BadOptions_AreUsageErrors) {
  const std::string path = files_.Write("a.txt", "x");
  ExpectError(Documents({.paths = {}}).status(), Code::kUsage, {"no text is named"});
  ExpectError(Documents({.paths = {path}, .field = ""}).status(), Code::kUsage, {"field is empty"});
  ExpectError(Documents({.paths = {path}, .separator = std::string(5000, 'x')}).status(), Code::kUsage,
              {"separator has 5000 bytes"});
}

TEST_F(CorpusTest, FileThatVanishes_IsAnErrorOfRead) {
  const std::string path = files_.Write("a.txt", "x");
  const Result<Corpus> corpus = Corpus::Open({.paths = {path}}, spool_.path());
  ASSERT_TRUE(corpus.ok());
  std::filesystem::remove(path);
  ExpectError(corpus->Read([](const TextBlock&) { return Status(); }), Code::kBadInput, {"a.txt", "No such file"});
}

TEST_F(CorpusTest, Name_CountsFiles) {
  const std::string a = files_.Write("a.txt", "a"), b = files_.Write("b.txt", "b"), c = files_.Write("c.txt", "c");
  EXPECT_EQ(Corpus::Open({.paths = {a}}, "")->Name(), a);
  EXPECT_EQ(Corpus::Open({.paths = {a, b}}, "")->Name(), a + " and 1 more file");
  EXPECT_EQ(Corpus::Open({.paths = {a, b, c}}, "")->Name(), a + " and 2 more files");
}

// Gives `text` to the process as its standard input while this lives.
class Stdin {
 public:
  explicit Stdin(std::string text) : saved_(dup(STDIN_FILENO)) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that gives up must not end the test
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    writer_ = std::jthread([text = std::move(text), fd = ends[1]] {
      for (size_t done = 0; done < text.size();) {
        const ssize_t count = write(fd, text.data() + done, text.size() - done);
        if (count <= 0) break;
        done += static_cast<size_t>(count);
      }
      close(fd);
    });
  }
  ~Stdin() {
    dup2(saved_, STDIN_FILENO);
    close(saved_);
  }

 private:
  int saved_;
  std::jthread writer_;
};

TEST_F(CorpusTest, Stdin_IsReadTwiceFromASpool) {
  const std::string text = SampleText(1'000'000, 4);
  const Stdin input(text);
  const std::string file = files_.Write("a.txt", "second");
  ExpectDocuments({.paths = {file, "-"}}, {text, "second"});
  EXPECT_TRUE(std::filesystem::is_empty(spool_.path())) << "the spool has no name";
}

TEST_F(CorpusTest, EmptyStdin_IsRefusedByName) {
  const Stdin input("");
  ExpectBad({.paths = {"-"}}, {"standard input", "empty"});
}

TEST_F(CorpusTest, WideStdin_IsConverted) {
  const Stdin input(std::string("\xFF\xFEh\0i\0", 6));
  ExpectDocuments({.paths = {"-"}}, {"hi"});
}

TEST_F(CorpusTest, BinaryStdin_IsRefusedByName) {
  const Stdin input(std::string(10, '\0'));
  ExpectBad({.paths = {"-"}}, {"standard input", "binary"});
}

TEST_F(CorpusTest, SpoolWithoutDirectory_Fails) {
  const Stdin input("text");
  ExpectError(Corpus::Open({.paths = {"-"}}, files_ / "none").status(), Code::kFailed,
              {"standard input", "CLLM_CACHE"});
}

TEST_F(CorpusTest, Pipe_IsReadAsStdinIs) {
  const std::string path = files_ / "pipe.txt";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(path) << "through a pipe"; });
  ExpectDocuments({.paths = {path}}, {"through a pipe"});
}

}  // namespace
}  // namespace cllm
