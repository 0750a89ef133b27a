#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "program.h"

// `cllm report` as people use it: of runs that are over, that train, that others made; its files read by programs that
// are not ours.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Reports : public ::testing::Test {
 protected:
  void Train(const std::string& out, const std::string& steps) {
    std::vector<std::string> arguments = TinyRun("book.txt", out, steps);
    arguments.insert(arguments.end(), {"--eval-every", "5"});
    const Outcome outcome = box_.Run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  // What a script of Python's says of files of the sandbox.
  std::string Python(const std::string& script, const std::string& files) {
    box_.Write("check.py", script);
    const std::string command = "cd '" + box_.path(".") + "' && python3 check.py " + files + " > said 2>&1";
    return std::system(command.c_str()) == 0 ? ReadAll(box_.path("said")) : "failed: " + ReadAll(box_.path("said"));
  }
  static bool HasPython() { return std::system("python3 -c pass > /dev/null 2>&1") == 0; }

  Sandbox box_;
  std::string text_ = box_.Write("book.txt", SomeText(20000));
};

// Tags in order and nothing that runs or is fetched, by a parser of HTML that others wrote; the text that it sees.
constexpr const char* kHtmlCheck = R"(
import html.parser, sys
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.open = []; self.text = ''
    def handle_starttag(self, tag, attributes):
        assert tag not in ('script', 'img', 'iframe', 'object', 'link', 'base', 'form'), tag
        for name, value in attributes:
            assert not name.startswith('on') and name not in ('src', 'href', 'srcset', 'xlink:href'), name
        if tag not in ('meta', 'br'): self.open.append(tag)
    def handle_startendtag(self, tag, attributes): pass
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data): self.text += data
page = Page()
page.feed(open(sys.argv[1], encoding='utf-8').read()); page.close()
assert not page.open, page.open
print(page.text)
)";

TEST_F(Reports, OfARun_IsOneFileInIt) {
  Train("run", "20");
  const Outcome outcome = box_.Run({"report", "run"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("run/report.html: "));
  const std::string page = ReadAll(box_.path("run/report.html"));
  EXPECT_LT(page.size(), 1'000'000u);
  EXPECT_THAT(page, AllOf(HasSubstr("finished"), HasSubstr("trained on book.txt"), HasSubstr("<svg "),
                          HasSubstr("batch"), HasSubstr("train --config run/config.toml --out ANOTHER")));
  if (!HasPython()) GTEST_SKIP() << "python3 is not there to read the page";
  EXPECT_THAT(Python(kHtmlCheck, "run/report.html"),
              AllOf(HasSubstr("Is it still learning?"), Not(HasSubstr("failed"))));
}

TEST_F(Reports, TextOfAModel_DoesNothing) {
  box_.Write("log.jsonl", R"({"event":"run_start","format":1,"step":0,"corpus":"<b onclick=x()>"}
{"step":1,"tokens":4,"loss":5,"loss_token":5}
{"event":"sample","step":1,"text":"</pre><script>alert('x')</script><img src=y onerror=z()> &lt;"}
)");
  const Outcome outcome = box_.Run({"report", "log.jsonl"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_TRUE(Exists(box_.path("report.html"))) << "a log alone has no run to write into";
  if (!HasPython()) GTEST_SKIP() << "python3 is not there to read the page";
  EXPECT_THAT(Python(kHtmlCheck, "report.html"),
              HasSubstr("</pre><script>alert('x')</script><img src=y onerror=z()> &lt;"));
}

TEST_F(Reports, OfSeveralRuns_ComparesThem) {
  Train("runs/a", "10");
  Train("runs/b", "20");
  const Outcome outcome = box_.Run({"report", "runs", "-o", "both.html"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(ReadAll(box_.path("both.html")),
              AllOf(HasSubstr("2 runs"), HasSubstr("is the best: "), HasSubstr("steps 20 against 10")));
}

TEST_F(Reports, OfARunThatTrains_SaysWhatItIsAtNow) {
  Outcome report;
  const Outcome trained =
      box_.Run(Start{TinyRun("book.txt", "run", "10000000"), "", {}, [&](int pid) {
                       EXPECT_TRUE(WaitFor([&] {
                         return Exists(box_.path("run/log.jsonl")) &&
                                ReadAll(box_.path("run/log.jsonl")).find("{\"step\":5,") != std::string::npos;
                       }));
                       report = box_.Run({"report", "run", "-o", "-"});
                       kill(pid, SIGINT);
                     }});
  EXPECT_EQ(trained.exit_code, 128 + SIGINT) << trained.err;
  EXPECT_EQ(report.exit_code, 0) << report.err;
  EXPECT_THAT(report.out, AllOf(HasSubstr("running"), HasSubstr("When will it end?")));
}

// Every number is read back with the same bits, by modules of Python.
TEST_F(Reports, Csv_IsReadByAnotherProgram) {
  Train("run", "20");
  ASSERT_EQ(box_.Run({"report", "run", "--csv", "-o", "run.csv"}).exit_code, 0);
  EXPECT_THAT(box_.Run({"report", "run", "--csv", "--columns", "loss", "--columns", "val_nats"}).out,
              ::testing::StartsWith("step,timestamp,loss,val_nats\n"));
  if (!HasPython()) GTEST_SKIP() << "python3 is not there to read the table";
  EXPECT_EQ(Python(R"(
import csv, datetime, json, sys
rows = {int(row['step']): row for row in csv.DictReader(open(sys.argv[1], newline=''))}
compared = 0
for line in open(sys.argv[2]):
    record = json.loads(line)
    if record.get('event', 'eval') != 'eval': continue
    row = rows[record['step']]
    if 'event' not in record:
        stamp = datetime.datetime.fromisoformat(row['timestamp'].replace('Z', '+00:00')).timestamp()
        assert abs(stamp - record['time']) < 0.002, (stamp, record['time'])
    for name, value in record.items():
        if name in ('event', 'step', 'time', 'eta_s', 'elapsed_s') or value is None: continue
        if 'event' in record: name = {'bits_per_byte': 'val_bits_per_byte', 'tokens': 'val_tokens'}.get(name, name)
        if name == 'val_nats' and rows[record['step']][name] != repr(value): continue  # the last of its step counts
        if 'event' in record and name != 'val_nats': continue
        assert float(row[name]) == float(value), (name, row[name], value)
        compared += 1
print('compared' if compared > 200 else compared)
)",
                   "run.csv run/log.jsonl"),
            "compared\n");
}

TEST_F(Reports, Svg_IsAPictureOfItsOwn) {
  Train("run", "20");
  for (const char* chart : {"loss", "grad-norm", "phases"}) {
    ASSERT_EQ(box_.Run({"report", "run", "--svg", chart, "--log-x", "--x", "tokens", "-o", "c.svg"}).exit_code, 0)
        << chart;
    if (!HasPython()) GTEST_SKIP() << "python3 is not there to read the picture";
    EXPECT_EQ(Python("import sys, xml.etree.ElementTree as t\nprint(t.parse(sys.argv[1]).getroot().tag)\n", "c.svg"),
              "{http://www.w3.org/2000/svg}svg\n");
  }
}

TEST_F(Reports, WhatCannotBeDone_IsToldAsASentence) {
  Train("run", "2");
  const auto refused = [&](std::vector<std::string> arguments, int code, const std::string& why) {
    arguments.insert(arguments.begin(), "report");
    const Outcome outcome = box_.Run(arguments);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  refused({"nowhere"}, kBadInput, "nothing there");
  std::filesystem::create_directory(box_.path("empty"));
  refused({"empty"}, kBadInput, "found none");
  refused({"run", "--svg", "los"}, kUsage, "expected one of loss, ");
  refused({"run", "--x", "day"}, kUsage, "--x is 'day'");
  refused({"run", "--csv", "--svg", "loss"}, kUsage, "expected one of them");
  refused({"run", "--columns", "loss"}, kUsage, "--csv");
  refused({"run", "--csv", "--columns", "los"}, kUsage, "no curve 'los'");
  refused({"run", "-o", "no/such/folder/x.html"}, kFailed, "no/such/folder");
  EXPECT_FALSE(Exists(box_.path("run/report.html")));
}

TEST_F(Reports, DamagedLogs_AreReportedAsFarAsTheyGo) {
  Train("run", "10");
  const std::string log = ReadAll(box_.path("run/log.jsonl"));
  for (const std::string& damaged : {log.substr(0, log.size() / 2), std::string("\0\xff\n[[[[\n", 8) + log,
                                     std::string(), "{}\n" + log + "{\"step\":"}) {
    box_.Write("run/log.jsonl", damaged);
    const Outcome outcome = box_.Run({"report", "run"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  std::filesystem::remove(box_.path("run/log.jsonl"));
  EXPECT_EQ(box_.Run({"report", "run"}).exit_code, kBadInput);
}

}  // namespace
}  // namespace cllm::testing
