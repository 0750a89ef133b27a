#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "program.h"
#include "reading_fixture.h"

// What the program makes of the texts that people have: folders, encodings, JSON lines, pages and books, and that every
// command reads them in the same way.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Reading : public ReadingFixture {};

// ---- Folders

TEST_F(Reading, Folder_HeadersWithoutKnownNames_AreRead_WithASummary) {
  uint64_t bytes = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string text = Text(100 + static_cast<size_t>(i));
    bytes += text.size();
    box_.Write("include/linux/" + std::to_string(i) + (i % 3 == 0 ? "" : ".h"), text);
  }
  box_.Write("include/lib.so", Binary());
  const Outcome outcome = Train({"include"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string text = bytes >= 1000 ? std::to_string(bytes / 1000) + "," + std::to_string(bytes).substr(1) : "";
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("30 files read, " + text + " bytes"),
                                 HasSubstr("1 binary file (include/lib.so; 300 B)")));
  EXPECT_EQ(Bytes("include"), bytes);
}

TEST_F(Reading, Folder_WithItsOwnRuns_TrainsAgain_AndResumes) {
  box_.Write("a.txt", Text(4000));
  const std::vector<std::string> options = TinyRun(".", "", "2");
  std::vector<std::string> arguments;
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i] == "--out") ++i; else arguments.push_back(options[i]);
  }
  ASSERT_EQ(box_.Run(arguments).exit_code, 0);
  const Outcome resumed = box_.Run({"resume", "runs/run-1", "--steps", "3", "--samples", "0"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  const Outcome again = box_.Run(arguments);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(ReadAll(box_.path("runs/run-1/checkpoints/step-2/model.safetensors")),
            ReadAll(box_.path("runs/run-2/checkpoints/step-2/model.safetensors")));
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("1 file read, 4,000 bytes"), HasSubstr("1 run directory (runs/run-1)")));
}

TEST_F(Reading, Glob_OfSourcesWithAnEmptyOne_GoesDown) {
  box_.Write("src/__init__.py", "");
  box_.Write("src/a.py", Text(2000));
  box_.Write("src/p/q/b.py", Text(1000));
  box_.Write("src/p/readme.txt", Text(500));
  const Outcome outcome = Train({"src/**/*.py"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("2 files read, 3,000 bytes"), HasSubstr("1 empty file (src/__init__.py)")));
}

TEST_F(Reading, SixOddFiles_AreToldAtOnce) {
  const std::vector<std::string> odd = {"a.bin", "b.docx", "c.pdf", "d.txt.gz", "e.odt", "f.exe"};
  box_.Write("d/a.bin", Binary());
  box_.Write("d/b.docx", "PK\x03\x04 and so on");
  box_.Write("d/c.pdf", "%PDF-1.4 and so on");
  box_.Write("d/d.txt.gz", "no gzip at all");
  box_.Write("d/e.odt", "PK\x03\x04 and so on");
  box_.Write("d/f.exe", "MZ" + Binary());
  box_.Write("d/good.txt", Text(3000));
  std::vector<std::string> named = {"d/good.txt"};
  for (const std::string& name : odd) named.push_back("d/" + name);
  const Outcome refused = Train(named), folder = Train({"d"});
  EXPECT_EQ(refused.exit_code, kBadInput) << refused.err;
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  ASSERT_EQ(folder.exit_code, 0) << folder.err;
  for (const std::string& name : odd) {
    EXPECT_THAT(refused.err, HasSubstr("d/" + name));
    EXPECT_THAT(folder.err, HasSubstr("d/" + name));
  }
  for (const std::string& told : {refused.err, folder.err}) {
    EXPECT_THAT(told, AllOf(HasSubstr("`pandoc -t plain --wrap=none d/b.docx -o d/b.txt`"),
                            HasSubstr("`pdftotext d/c.pdf d/c.txt`")));
  }
}

TEST_F(Reading, Filters_ChooseInFolders_AndStandInTheRun) {
  box_.Write("d/a.py", Text(2000));
  box_.Write("d/a.md", Text(1000));
  box_.Write("d/gen/b.py", Text(500));
  const Outcome outcome = Train({"d"}, {"--include", "*.py", "--exclude", "gen"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("1 file read, 2,000 bytes"), HasSubstr("filters leave out (d/a.md")));
  EXPECT_THAT(ReadAll(box_.path("run/config.toml")), AllOf(HasSubstr("*.py"), HasSubstr("gen")));
  EXPECT_EQ(box_.Run({"resume", box_.path("run"), "--steps", "2", "--samples", "0", "--quiet"}).exit_code, 0);
}

TEST_F(Reading, Folder_WithTheProgramsOwnOutput_LeavesItOut) {
  box_.Write("d/a.txt", Text(3000));
  box_.Write("d/train.log", "an older line\n");
  const std::string command = "cd " + box_.path("") + " && CLLM_CACHE=" + box_.path("cache") + " exec " +
                              ProgramPath() +
                              " train d --tokenizer bytes --layers 1 --heads 2 --width 8 --hidden 8 --context 8 "
                              "--batch 4 --steps 1 --samples 0 --out run 2>> d/train.log";
  EXPECT_EQ(std::system(command.c_str()), 0) << ReadAll(box_.path("d/train.log"));
  EXPECT_THAT(ReadAll(box_.path("d/train.log")), HasSubstr("that this program writes (d/train.log"));
}

// ---- Encodings

// Each byte of an ASCII text as a unit of `bytes` bytes behind a mark.
std::string Wide(const std::string& text, size_t bytes, bool big_endian) {
  std::string wide;
  const auto add = [&](uint32_t unit) {
    for (size_t i = 0; i < bytes; ++i) wide += static_cast<char>(unit >> 8 * (big_endian ? bytes - 1 - i : i));
  };
  add(0xFEFF);
  for (const char c : text) add(static_cast<unsigned char>(c));
  return wide;
}

TEST_F(Reading, MarkedEncodings_TrainTheModelOfTheSameText) {
  const std::string plain = Text(3000);
  ASSERT_EQ(Train({box_.Write("plain.txt", plain)}, {}, "plain").exit_code, 0);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"utf16le", Wide(plain, 2, false)}, {"utf16be", Wide(plain, 2, true)},     {"utf32le", Wide(plain, 4, false)},
      {"utf32be", Wide(plain, 4, true)},  {"utf8mark", "\xEF\xBB\xBF" + plain}};
  for (const auto& [name, text] : cases) {
    const Outcome outcome = Train({box_.Write(name + ".txt", text)});
    ASSERT_EQ(outcome.exit_code, 0) << name << ": " << outcome.err;
    EXPECT_EQ(ReadAll(box_.path("run/checkpoints/step-1/model.safetensors")),
              ReadAll(box_.path("plain/checkpoints/step-1/model.safetensors")))
        << name;
    EXPECT_EQ(outcome.err.find("is converted") != std::string::npos, name != "utf8mark") << outcome.err;
  }
}

TEST_F(Reading, TwoTextsNotInUtf8_AreNamedOnce) {
  box_.Write("d/a.txt", Text(2000));
  box_.Write("d/b.txt", "caf\xE9 cr\xE8me " + Text(1000));
  box_.Write("d/c.txt", "stra\xDF" "e " + Text(900));
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("2 bytes of d/b.txt and 1 byte of d/c.txt are not valid UTF-8"),
                                 Not(HasSubstr("d/a.txt"))));
  EXPECT_EQ(outcome.err.find("valid UTF-8"), outcome.err.rfind("valid UTF-8"));
}

TEST_F(Reading, Utf16WithoutAMark_IsRefusedWithTheCommand) {
  const Outcome outcome = Train({box_.Write("a.txt", Wide(Text(3000), 2, true).substr(2))});
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("iconv -f UTF-16BE -t UTF-8"));
}

// ---- JSON lines

std::string Lines(size_t count, const std::function<std::string(size_t)>& line) {
  std::string text;
  for (size_t i = 1; i <= count; ++i) text += line(i) + "\n";
  return text;
}

TEST_F(Reading, ChatWithBrokenLines_TrainsOnTheOthers) {
  box_.Write("chat.jsonl", Lines(400, [](size_t i) -> std::string {
               if (i == 7 || i == 100) return R"({"messages": [{"role": "user", "content": "cut)";
               if (i == 200) return R"({"id": 200})";
               return R"({"messages": [{"role": "user", "content": "What is )" + std::to_string(1000 + i) +
                      R"(?"}, {"role": "assistant", "content": "A number."}]})";
             }));
  const Outcome outcome = Train({"chat.jsonl"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("3 of 400 lines of chat.jsonl (numbers 7, 100, 200; line 7: "));
  const std::string one = "user: What is 1001?\n\nassistant: A number.";
  EXPECT_EQ(Bytes("chat.jsonl"), 397 * one.size());
}

TEST_F(Reading, JsonLinesWithManyBadOnes_AreRefused_InAFolderLeftOut) {
  box_.Write("d/bad.jsonl", Lines(100, [](size_t i) { return i % 50 == 0 ? "{" : R"({"text": "some text"})"; }));
  box_.Write("d/good.txt", Text(3000));
  const Outcome outcome = Train({"d/bad.jsonl"});
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("d/bad.jsonl: 2 of 100 lines are bad"), HasSubstr("line 50: ")));
  const Outcome folder = Train({"d"});
  ASSERT_EQ(folder.exit_code, 0) << folder.err;
  EXPECT_THAT(folder.err, AllOf(HasSubstr("1 file read, 3,000 bytes"), HasSubstr("d/bad.jsonl: 2 of 100")));
}

TEST_F(Reading, NestedFieldAndLoneSurrogates) {
  box_.Write("n.jsonl", Lines(120, [](size_t i) {
               return R"({"data": {"text": "a line of some words \ud83d )" + std::to_string(1000 + i) + "\"}}";
             }));
  const Outcome without = Train({"n.jsonl"});
  EXPECT_EQ(without.exit_code, kBadInput);
  EXPECT_THAT(without.err, AllOf(HasSubstr("only data"), HasSubstr("--field")));
  const Outcome outcome = Train({"n.jsonl"}, {"--field", "data.text"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("bad")));
}

// ---- Pages and books

// A zip file of entries as they are.
class Zip {
 public:
  void Add(const std::string& name, const std::string& content) {
    const std::string about = Number(Crc(content), 4) + Number(content.size(), 4) + Number(content.size(), 4) +
                              Number(name.size(), 2) + Number(0, 2);
    const std::string version_to_time = Number(20, 2) + Number(0, 2) + Number(0, 2) + Number(0, 4);
    directory_ +=
        "PK\x01\x02" + Number(20, 2) + version_to_time + about + Number(0, 10) + Number(files_.size(), 4) + name;
    files_ += "PK\x03\x04" + version_to_time + about + name + content;
    ++count_;
  }
  std::string Whole() const {
    return files_ + directory_ + "PK\x05\x06" + Number(0, 4) + Number(count_, 2) + Number(count_, 2) +
           Number(directory_.size(), 4) + Number(files_.size(), 4) + Number(0, 2);
  }

 private:
  static std::string Number(uint64_t value, size_t bytes) {
    std::string text;
    for (size_t i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value);
    return text;
  }
  static uint32_t Crc(const std::string& content) {
    uint32_t crc = 0xFFFFFFFF;
    for (const char c : content) {
      crc ^= static_cast<unsigned char>(c);
      for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
  }
  std::string files_, directory_;
  size_t count_ = 0;
};

std::string Book(const std::vector<std::string>& chapters) {
  Zip zip;
  zip.Add("mimetype", "application/epub+zip");
  zip.Add("META-INF/container.xml", "<container><rootfiles><rootfile full-path=\"book.opf\"/></rootfiles></container>");
  std::string items, spine;
  for (size_t i = chapters.size(); i-- != 0;) {  // the archive's order is not that of the book
    std::string id = "c";
    id += std::to_string(i);
    zip.Add(id + ".xhtml", "<html><head><title>no</title></head><body><p>" + chapters[i] + "</p></body></html>");
    items += "<item id=\"" + id + "\" href=\"" + id + ".xhtml\" media-type=\"application/xhtml+xml\"/>";
    spine.insert(0, "<itemref idref=\"" + id + "\"/>");
  }
  zip.Add("book.opf", "<package><manifest>" + items + "</manifest><spine>" + spine + "</spine></package>");
  return zip.Whole();
}

// What a text is to the program, by the tokens of single bytes.
TEST_F(Reading, Epub_IsItsChaptersInOrder) {
  const std::string one = "One: " + Text(1500), two = "Two: " + Text(1200), three = "Three: " + Text(1300);
  const auto words = [](std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (text.ends_with(' ')) text.pop_back();
    return text + "\n";
  };
  const Outcome outcome = Train({box_.Write("book.epub", Book({one, two, three}))});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string same = box_.Write("same.txt", words(one) + "\n" + words(two) + "\n" + words(three));
  ASSERT_EQ(Train({same}, {}, "same").exit_code, 0);
  EXPECT_EQ(ReadAll(box_.path("run/checkpoints/step-1/model.safetensors")),
            ReadAll(box_.path("same/checkpoints/step-1/model.safetensors")));
}

TEST_F(Reading, Html_IsItsText) {
  std::string page = "<html><head><style>p { color: red }</style></head><body>", same;
  for (int i = 0; i < 100; ++i) {
    page += "<p>Paragraph <b>" + std::to_string(1000 + i) + "</b>&amp; more.</p>\n<script>x()</script>";
    if (i != 0) same += "\n\n";
    same += "Paragraph " + std::to_string(1000 + i) + "& more.";
  }
  for (const std::string name : {"a.html", "a.htm", "a.xhtml"}) {
    const Outcome outcome = Train({box_.Write(name, page)});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(Bytes(name), same.size() + 1);
  }
  ASSERT_EQ(Train({box_.Write("same.txt", same + "\n")}, {}, "same").exit_code, 0);
  EXPECT_EQ(ReadAll(box_.path("run/checkpoints/step-1/model.safetensors")),
            ReadAll(box_.path("same/checkpoints/step-1/model.safetensors")));
}

TEST_F(Reading, Bombs_AreRefusedWithTheirLimit) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<div>";
  struct Case {
    std::string name, content, limit;
  };
  for (const auto& [name, content, limit] :
       {Case{"deep.html", deep + Text(3000), "2048"}, Case{"large.html", std::string(17u << 20, 'x'), "16 MiB"},
        Case{"large.epub", Book({std::string(17u << 20, 'x')}), "16 MiB"}}) {
    const Outcome outcome = Train({box_.Write(name, content)});
    EXPECT_EQ(outcome.exit_code, kBadInput);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(name), HasSubstr(limit)));
  }
}

// ---- One reading for all commands

std::string OneTwoThree() { return "one two three four five six seven eight nine ten"; }

TEST_F(Reading, Field_OfTheRun_IsThatOfEvalAndTokenize) {
  std::string words = "x one two three four five six seven eight nine ten eleven aaaa bbbb cccc dddd ee";
  box_.Write("field_body.jsonl", Lines(3, [&](size_t) { return "{\"body\":\"" + words + "\"}"; }));
  const Outcome outcome = Train({"field_body.jsonl"}, {"--field", "body", "--context", "16"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(words.size(), 80u);
  EXPECT_EQ(Bytes("field_body.jsonl"), 240u);
  EXPECT_EQ(Evaluated({"field_body.jsonl"}, {"--field", "body"}).at("bytes"), 240u);
  for (const std::string model : {"run@latest", "run@1", "run/checkpoints/step-1", "run/best"}) {
    const Outcome other = box_.Run({"eval", model, "field_body.jsonl", "--json"});
    ASSERT_EQ(other.exit_code, 0) << model << ": " << other.err;
    EXPECT_EQ(nlohmann::json::parse(other.out).at("bytes"), 240u) << model;
  }
  const Outcome ids = box_.Run({"tokenize", "run", "field_body.jsonl"});
  ASSERT_EQ(ids.exit_code, 0) << ids.err;
  EXPECT_EQ(std::count(ids.out.begin(), ids.out.end(), '\n'), 240 + 2) << "an empty line between documents";
  EXPECT_EQ(box_.Run(Start{{"tokenize", "run", "-d"}, ids.out, {}, {}}).out, words + words + words);
}

TEST_F(Reading, Separator_OfTheRun_IsThatOfEvalAndTokenize) {
  box_.Write("separator.txt", OneTwoThree() + "<|doc|>" + OneTwoThree() + "<|doc|><|doc|>" + OneTwoThree());
  const Outcome outcome = Train({"separator.txt"}, {"--separator", "<|doc|>", "--context", "16"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json found = Evaluated({"separator.txt"});
  EXPECT_EQ(found.at("bytes"), 144u);
  EXPECT_EQ(found.at("tokens"), 144u + 3 + 2) << "three documents end, and two of them begin behind another";
  EXPECT_EQ(Evaluated({"separator.txt"}, {"--separator", ""}).at("bytes"), 165u) << "an option overrules the run's";
  const Outcome ids = box_.Run({"tokenize", "run", "separator.txt"});
  EXPECT_EQ(std::count(ids.out.begin(), ids.out.end(), '\n'), 144 + 2);
}

TEST_F(Reading, Filters_OfTheRun_AreThoseOfEvalAndTokenize) {
  box_.Write("d/a.py", Text(2000));
  box_.Write("d/b.txt", Text(500));
  box_.Write("d/gen/c.py", Text(300));
  ASSERT_EQ(Train({"d"}, {"--include", "*.py", "--exclude", "gen"}).exit_code, 0);
  EXPECT_EQ(Bytes("d"), 2000u);
  EXPECT_EQ(Evaluated({"d"}, {"--include", "*.txt"}).at("bytes"), 500u);
  const Outcome ids = box_.Run({"tokenize", "run", "d"});
  EXPECT_EQ(std::count(ids.out.begin(), ids.out.end(), '\n'), 2000);
  EXPECT_THAT(ids.err, HasSubstr("1 file read"));
}

TEST_F(Reading, PatternsThatStandForTooMany_AreRefused) {
  box_.Write("d/a0.txt", Text(2000));
  std::string braces;
  for (int i = 0; i < 10; ++i) braces += "{0,1}";
  for (const auto& [text, more, code, part] : {std::tuple<std::string, std::vector<std::string>, int, std::string>{
                                                   "d", {"--include", "a" + braces}, 2, "--include"},
                                               {"d", {"--exclude", braces + ".md"}, 2, "--exclude"},
                                               {"d/a" + braces, {}, kBadInput, "d/a"}}) {
    const Outcome outcome = Train({text}, more);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(part), HasSubstr("more than 1,000 patterns")));
  }
  EXPECT_EQ(Train({"d"}, {"--include", "a{0,1}.txt"}).exit_code, 0);
}

TEST_F(Reading, Bench_ReadsAsTrainDoes) {
  box_.Write("n.jsonl", Lines(400, [](size_t i) {
               return R"({"data": {"text": "some words of a line, number )" + std::to_string(i) + R"("}})";
             }));
  const std::vector<std::string> bench = {"bench",   "lattice", "n.jsonl",  "--tokenizer", "bytes",
                                          "--width", "64",      "--rounds", "5"};
  EXPECT_EQ(box_.Run(bench).exit_code, kBadInput);
  std::vector<std::string> with = bench;
  with.insert(with.end(), {"--field", "data.text"});
  const Outcome outcome = box_.Run(with);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Reading, EnvironmentAndStandardInput_AreReadAlike) {
  ASSERT_EQ(Train({box_.Write("a.txt", Text(3000))}).exit_code, 0);
  const std::string json = "{\"body\": \"twelve bytes\"}\n";
  box_.Write("b.jsonl", json);
  const Outcome outcome = box_.Run(Start{{"eval", "run", "b.jsonl", "--json"}, "", {"CLLM_FIELD=body"}, {}});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("bytes"), 12u);
  const Outcome wide = box_.Run(Start{{"tokenize", "run"}, Wide("hi", 2, false), {}, {}});
  EXPECT_EQ(wide.out, box_.Run(Start{{"tokenize", "run"}, "hi", {}, {}}).out) << wide.err;
  EXPECT_EQ(std::count(wide.out.begin(), wide.out.end(), '\n'), 2);
}

}  // namespace
}  // namespace cllm::testing
