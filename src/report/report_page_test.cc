#include "report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/testing/source_directory.h"
#include "history/testing/written_log.h"
#include "report/page_parts.h"

namespace cllm::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A run of a thousand steps with all that a log may hold.
void WriteAll(WrittenLog& log, const std::string& text = "Once upon a time", uint64_t steps = 1000) {
  log.Start("run_start", 0, 1700000000);
  for (uint64_t step = 1; step <= steps; ++step) {
    log.Step(step, 3 + 4.0 / static_cast<double>(step), 1700000000 + static_cast<double>(step));
    if (step % 50 != 0) continue;
    log.Evaluation(step, 3 + 5.0 / static_cast<double>(step)).Event("checkpoint", step, R"("seconds":0.5)");
    log.Event("sample", step, fmt::format(R"("text":"{}")", text));
  }
  log.Event("spheres", 1000, R"("busy_s":[2.0,1.0],"waiting_s":[0.5,1.5],"accumulation_s":[0.1,0.1],"items":[20,10])");
  log.Event("note", 1000, fmt::format(R"("text":"{}")", text));
}

std::string PageOf(const std::vector<std::string>& paths) {
  const auto runs = *ReadReportedRuns(paths, {}, 1700000000);
  return ReportPage(runs, {}, {.program = "cllm 1 & 2", .now = 1700000000});
}

// Nothing on a page is read from elsewhere, and no id comes twice.
void ExpectComplete(const std::string& page) {
  EXPECT_LT(page.size(), 1'000'000u);
  for (const char* outside : {"src=", "href=", "@import", "<script", "<link", "<iframe", "<img", "http:", "https:"}) {
    const size_t at = page.find(outside);
    EXPECT_EQ(at, page.npos) << page.substr(std::min(at, page.size()), 80);
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'unsafe-inline'"));
  const std::regex handler(" on[a-z]+=");
  for (size_t tag = page.find('<'); tag != page.npos; tag = page.find('<', tag + 1)) {
    EXPECT_FALSE(std::regex_search(page.substr(tag, page.find('>', tag) - tag), handler)) << page.substr(tag, 80);
  }
  std::vector<std::string> ids;
  const std::regex id("id=\"([^\"]*)\"");
  for (std::sregex_iterator found(page.begin(), page.end(), id), end; found != end; ++found) ids.push_back((*found)[1]);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST(ReportPage, Run_IsAllOnAPage) {
  WrittenLog log;
  WriteAll(log);
  const std::string page = PageOf({log.Write()});
  ExpectComplete(page);
  EXPECT_THAT(page,
              AllOf(HasSubstr("Is it still learning?"), HasSubstr("Once upon a time"), HasSubstr("a &lt;P&gt;"),
                    HasSubstr("Training and validation loss"), HasSubstr("What each worker did"),
                    HasSubstr("Where the time went"), HasSubstr("cllm 1 &amp; 2"), HasSubstr("5,000 parameters")));
}

TEST(ReportPage, ReleasedRun_HasItsConfigurationAndCommands) {
  const std::string page = PageOf({SourceDirectory() + "/tests/released/0.1.0/run"});
  ExpectComplete(page);
  EXPECT_THAT(page, AllOf(HasSubstr("config.toml"), HasSubstr("--out ANOTHER"), HasSubstr("tokenizer bytes")));
}

// Whatever a model writes, it is shown and does nothing.
TEST(ReportPage, HostileTexts_AreTexts) {
  const std::string hostile = R"(<script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'\u0000\u0007</pre>)";
  WrittenLog log;
  WriteAll(log, hostile);
  log.Line(
      R"({"event":"run_start","format":1,"step":1000,"corpus":"<svg onload=alert(3)>",)"
      R"("processor":"</style><script>"})");
  const std::string page = PageOf({log.Write()});
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("<svg onload")),
                          Not(HasSubstr("</pre></pre>"))));
  EXPECT_THAT(page,
              HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&amp;amp;&quot;"));
  EXPECT_EQ(page.find('\0'), page.npos);
  EXPECT_EQ(page.find('\x07'), page.npos);
}

TEST(ReportPage, SeveralRuns_AreCompared) {
  WrittenLog first, second;
  WriteAll(first), WriteAll(second);
  second.Evaluation(1001, 2.0);
  const std::string page = PageOf({first.Write(), second.Write()});
  ExpectComplete(page);
  EXPECT_THAT(page, AllOf(HasSubstr("2 runs"), HasSubstr("is the best: 1.0000 bits per byte at step 1,001"),
                          HasSubstr("In what they differ")));
}

TEST(ReportPage, ManyRuns_StaySmall) {
  std::vector<WrittenLog> logs(200);
  std::vector<std::string> paths;
  for (WrittenLog& log : logs) {
    WriteAll(log, "Once", 100);
    paths.push_back(log.Write());
  }
  ExpectComplete(PageOf(paths));
}

TEST(ReportPage, LogOfNothing_IsAPage) {
  WrittenLog log;
  EXPECT_THAT(PageOf({log.Write()}), HasSubstr("not known yet: too few steps"));
}

TEST(ReportPage, LongSamples_AreCut) {
  WrittenLog log;
  log.Start().Step(1, 5).Event("sample", 1, fmt::format(R"("text":"{}")", std::string(100'000, 'x')));
  EXPECT_LT(PageOf({log.Write()}).size(), 60'000u);
}

TEST(PageParts, ShortenedText_IsCutAtACharacter) {
  EXPECT_EQ(Shortened("abc", 3), "abc");
  EXPECT_EQ(Shortened("abcd", 3), "abc …");
  EXPECT_EQ(Shortened("aéé", 2), "a …");
}

}  // namespace
}  // namespace cllm::report
