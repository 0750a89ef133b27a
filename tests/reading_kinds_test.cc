#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "program.h"
#include "reading_fixture.h"

// More texts of the kinds that people have, each beside a plain one that it must equal: what other programs write, what
// lies in folders, what filters name.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReadingKinds : public ReadingFixture {
 protected:
  // Trains on a file and says how many bytes of text it is; 0 if that fails.
  uint64_t Size(const std::string& name, const std::string& content, const std::vector<std::string>& more = {}) {
    const Outcome outcome = Train({box_.Write(name, content)}, more);
    EXPECT_EQ(outcome.exit_code, 0) << name << ": " << outcome.err;
    return outcome.exit_code == 0 ? Bytes(name) : 0;
  }
};

// ---- JSON lines as other programs write them

TEST_F(ReadingKinds, JsonLines_OfOtherWriters_AreTheSameText) {
  std::string lines, crlf, wide = "\xFF\xFE";
  uint64_t bytes = 0;
  for (int i = 100; i < 220; ++i) {
    const std::string text = "some words of line " + std::to_string(i),
                      line = "{\"id\": 1, \"text\": \"" + text + "\"}";
    bytes += text.size();
    lines += line + "\n", crlf += "  \r\n" + line + "\r\n";
  }
  for (const char c : lines) wide += {c, '\0'};
  EXPECT_EQ(Size("a.ndjson", lines), bytes) << "another name of the same format";
  EXPECT_EQ(Size("B.JSONL", crlf), bytes) << "blank lines are none";
  EXPECT_EQ(Size("d.jsonl", "\xEF\xBB\xBF" + lines.substr(0, lines.size() - 1)), bytes)
      << "a mark, and no last newline";
  EXPECT_EQ(Size("e.jsonl", wide), bytes) << "UTF-16";
}

TEST_F(ReadingKinds, Surrogates_InBytes_AreNoBadLines) {
  std::string lone, pairs;
  for (int i = 100; i < 200; ++i) {
    lone += "{\"text\": \"half \xED\xA0\xBD of a pair " + std::to_string(i) + "\"}\n";
    pairs += "{\"text\": \"a face \xED\xA0\xBD\xED\xB8\x80 " + std::to_string(i) + "\"}\n";
  }
  EXPECT_EQ(Size("lone.jsonl", lone), 100 * std::string("half ... of a pair 100").size()) << "U+FFFD has three bytes";
  EXPECT_EQ(Size("pairs.jsonl", pairs), 100 * std::string("a face .... 100").size()) << "a character has four";
}

TEST_F(ReadingKinds, JsonLines_ThatNest_OrAreInAnotherEncoding_AreToldByTheirFault) {
  std::string good;
  for (int i = 100; i < 300; ++i) good += "{\"text\": \"words of line " + std::to_string(i) + "\"}\n";
  const std::string deep = "{\"x\": " + std::string(50'000, '[') + std::string(50'000, ']') + ", \"text\": \"t\"}\n";
  const Outcome nested = Train({box_.Write("deep.jsonl", good + deep)});
  ASSERT_EQ(nested.exit_code, 0) << nested.err;
  EXPECT_THAT(nested.err,
              AllOf(HasSubstr("1 of 201 lines of "), HasSubstr("number 201"), HasSubstr("levels of nesting")));
  const Outcome latin = Train({box_.Write("latin.jsonl", good + "{\"text\": \"caf\xE9 cr\xE8me\"}\n")});
  ASSERT_EQ(latin.exit_code, 0) << latin.err;
  EXPECT_THAT(latin.err, AllOf(HasSubstr("1 of 201 lines of "), HasSubstr("found what is not UTF-8 at byte")));
}

// ---- Filters and folders

TEST_F(ReadingKinds, Filters_ThatNameAFolder_AreAboutWhatLiesInIt) {
  box_.Write("d/src/a.py", Text(2000));
  box_.Write("d/src/gen/b.py", Text(1000));
  box_.Write("d/src.txt", Text(500));
  box_.Write("d/tests/c.py", Text(300));
  const auto read = [&](const std::vector<std::string>& filters) { return Train({"d"}, filters).err; };
  for (const std::string folder : {"src/", "./d/src"}) {
    EXPECT_THAT(read({"--include", folder}), HasSubstr("2 files read, 3,000 bytes")) << folder;
    EXPECT_THAT(read({"--exclude", folder}), HasSubstr("2 files read, 800 bytes")) << folder;
  }
  EXPECT_THAT(read({"--include", "src", "--exclude", "gen/"}), HasSubstr("1 file read, 2,000 bytes"));
}

TEST_F(ReadingKinds, Folder_WithLoopsPipesAndDeadLinks_IsReadToItsEnd) {
  box_.Write("d/a.txt", Text(3000));
  box_.Write("d/.svn/entries", Text(100));
  box_.Write("d/CVS/Root", Text(100));
  box_.Write("d/target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
  std::filesystem::create_directory_symlink(".", box_.path("d/self"));
  std::filesystem::create_symlink("nowhere", box_.path("d/dead"));
  std::filesystem::create_symlink("/dev/zero", box_.path("d/zero"));
  ASSERT_EQ(std::system(("mkfifo " + box_.path("d/pipe")).c_str()), 0);
  for (const std::string name : {"d", "d/", "d/self", "d/**"}) {
    const Outcome outcome = Train({name});
    ASSERT_EQ(outcome.exit_code, 0) << name << ": " << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("1 file read, 3,000 bytes"), HasSubstr("link to a folder"),
                                   HasSubstr("that cannot be read"), HasSubstr("2 that are no files"),
                                   HasSubstr("folder of version control"), HasSubstr("1 cache")));
  }
}

TEST_F(ReadingKinds, Folder_OfManyKinds_HasASummaryThatAgreesWithItsFiles) {
  uint64_t bytes = 0;
  const auto write = [&](const std::string& name, const std::string& content) {
    box_.Write("d/" + name, content);
    bytes += content.size();
  };
  write("latin.txt", "caf\xE9 " + Text(400));
  write("mark.txt", "\xEF\xBB\xBF" + Text(300));
  write("page.xht", "<p>A page of words &amp; signs.</p>");
  write("notes", Text(200));
  box_.Write("d/white.html", "<body><img src=x></body>");
  box_.Write("d/none.txt", "");
  box_.Write("d/picture.png", "\x89PNG" + Binary());
  box_.Write("d/letter.txt", "PK\x03\x04" + std::string(26, '\0') + "[Content_Types].xml ... word/document.xml");
  box_.Write("d/scan.pdf", "%PDF-1.7\n");
  box_.Write("d/all.zip", "PK\x03\x04" + std::string(26, '\0') + "a.txt");
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(
      outcome.err,
      AllOf(HasSubstr("4 files read, " + std::to_string(bytes) + " bytes"), HasSubstr("1 binary file (d/picture.png"),
            HasSubstr("2 empty files (d/none.txt and d/white.html"), HasSubstr("3 documents to be converted"),
            HasSubstr("`pandoc -f docx -t plain --wrap=none d/letter.txt -o d/letter.txt.txt`"),
            HasSubstr("`unzip d/all.zip -d d/all`")));
  EXPECT_EQ(Bytes("d"), bytes - 3 - std::string("<p></p>&amp;").size() + std::string("&\n").size());
}

TEST_F(ReadingKinds, WideEncodingsWithoutAMark_AreRefusedWithTheirCommand) {
  std::string wide;
  for (const char c : Text(3000)) wide += {'\0', '\0', '\0', c};
  const Outcome outcome = Train({box_.Write("a.txt", wide)});
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("iconv -f UTF-32BE -t UTF-8"));
}

// ---- What the planner chooses, from the text alone

TEST_F(ReadingKinds, TextsOfLittleVariety_TrainWithoutOptions) {
  std::string logs, numbers, one;
  for (int i = 0; i < 600; ++i) {
    logs += "2026-11-27T10:00:" + std::to_string(10 + i % 50) + " INFO worker started\n";
    numbers += std::to_string(i) + "," + std::to_string(i * i) + "\n";
    one += "the same line\n";
  }
  for (const auto& [name, text] : {std::pair{"logs.txt", logs}, {"numbers.csv", numbers}, {"one.txt", one}}) {
    std::filesystem::remove_all(box_.path("run"));
    const Outcome outcome = box_.Run({"train", box_.Write(name, text), "--steps", "1", "--layers", "1", "--width", "16",
                                      "--samples", "0", "--eval-tokens", "500", "--quiet", "--out", box_.path("run")});
    EXPECT_EQ(outcome.exit_code, 0) << name << ": " << outcome.err;
  }
}

TEST_F(ReadingKinds, TheSameCommand_ThreeTimesAtOnce_GivesTheSameBits) {
  const std::string text = box_.Write("t.txt", Text(20'000));
  std::vector<Outcome> outcomes(3);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back([&, i] {
      outcomes[i] = box_.Run({"train", text, "--steps", "1", "--layers", "1", "--width", "16", "--samples", "0",
                              "--quiet", "--eval-tokens", "500", "--out", box_.path("run" + std::to_string(i))});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_EQ(outcomes[i].exit_code, 0) << outcomes[i].err;
    const std::string model = "/checkpoints/step-1/model.safetensors";
    EXPECT_EQ(ReadAll(box_.path("run" + std::to_string(i) + model)), ReadAll(box_.path("run0" + model)));
  }
}

}  // namespace
}  // namespace cllm::testing
