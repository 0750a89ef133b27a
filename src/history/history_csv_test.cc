#include "history/history_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/testing/written_log.h"

namespace cllm {
namespace {

using testing::HasSubstr;

std::string Csv(const RunHistory& history, const std::vector<std::string>& names) {
  std::string text;
  const Status status = WriteCsv(history, names, [&text](std::string_view piece) {
    text += piece;
    return Status();
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return text;
}

TEST(HistoryCsv, Rows_AreStepsWithTheirTimesAndValues) {
  WrittenLog log;
  log.Start()
      .Step(1, 5.1, 1700000000.25)
      .Step(2, 4)
      .Evaluation(2, 3.5, true)
      .Line(R"({"step":3,"loss":null,"nan":true})");
  log.Line(R"({"step":4,"loss":-Infinity})").Line(R"({"step":5,"lr":1e-5})");
  EXPECT_EQ(Csv(*ReadRunHistory(log.Write()), {"loss", "val_nats", "whole"}),
            "step,timestamp,loss,val_nats,whole\n"
            "1,2023-11-14T22:13:20.250Z,5.1,,\n"
            "2,,4,3.5,1\n"
            "3,,nan,,\n"
            "4,,-inf,,\n"
            "5,,,,\n");
}

TEST(HistoryCsv, WithoutNames_AllAreThere) {
  WrittenLog log;
  const std::string text = Csv(*ReadRunHistory(log.Start().Step(1, 5).Evaluation(1, 4).Write()), {});
  EXPECT_THAT(text, testing::StartsWith("step,timestamp,tokens,seconds,loss,loss_token,"));
  EXPECT_THAT(text, HasSubstr(",val_bits_per_byte,"));
}

TEST(HistoryCsv, NamesWithCommasQuotesAndBreaks_AreQuoted) {
  WrittenLog log;
  log.Line(R"({"step":1,"a,b":1,"c\"d":2,"e\nf":3})");
  EXPECT_EQ(Csv(*ReadRunHistory(log.Write()), {"a,b", "c\"d", "e\nf"}),
            "step,timestamp,\"a,b\",\"c\"\"d\",\"e\nf\"\n1,,1,2,3\n");
}

TEST(HistoryCsv, UnknownName_IsRefusedWithThoseThatThereAre) {
  WrittenLog log;
  const Status status =
      WriteCsv(*ReadRunHistory(log.Start().Step(1, 5).Write()), {"los"}, [](std::string_view) { return Status(); });
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("'los', expected some of tokens, seconds, loss, "));
}

TEST(HistoryCsv, ErrorOfTheWriter_EndsIt) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 3000; ++step) log.Step(step, 5);
  size_t calls = 0;
  const Status status = WriteCsv(*ReadRunHistory(log.Write()), {}, [&calls](std::string_view) {
    ++calls;
    return Failed("no room");
  });
  EXPECT_EQ(status.message(), "no room");
  EXPECT_EQ(calls, 1u);
}

}  // namespace
}  // namespace cllm
