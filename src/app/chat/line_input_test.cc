#include "app/chat/line_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace cllm {
namespace {

using Event = LineInput::Event;

// Lines from a list; "^C" is an interruption.
class Listed final : public LineInput {
 public:
  explicit Listed(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  Result<Event> Read(const std::string& prompt, std::string& line) override {
    prompts += prompt;
    if (next_ == lines_.size()) return Event::kEnd;
    line = lines_[next_++];
    return line == "^C" ? Event::kInterrupted : Event::kLine;
  }
  bool interactive() const override { return true; }
  std::string prompts;

 private:
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

// The message and the event that these lines make.
std::pair<Event, std::string> Read(std::vector<std::string> lines, std::string* prompts = nullptr) {
  Listed input(std::move(lines));
  std::string message;
  const Result<Event> event = ReadMessage(input, message);
  EXPECT_TRUE(event.ok());
  if (prompts != nullptr) *prompts = input.prompts;
  return {*event, event.value() == Event::kLine ? message : ""};
}

std::pair<Event, std::string> Line(const std::string& text) { return {Event::kLine, text}; }

TEST(ReadMessage, ALineIsAMessage) {
  EXPECT_EQ(Read({"Hi", "more"}), Line("Hi"));
  EXPECT_EQ(Read({""}), Line(""));
  EXPECT_EQ(Read({}).first, Event::kEnd);
  EXPECT_EQ(Read({"^C"}).first, Event::kInterrupted);
}

TEST(ReadMessage, ABackslashAtTheEnd_GoesOnInTheNextLine) {
  std::string prompts;
  EXPECT_EQ(Read({"one\\", "two\\", "three", "four"}, &prompts), Line("one\ntwo\nthree"));
  EXPECT_EQ(prompts, "> . . ");
  EXPECT_EQ(Read({"one\\"}), Line("one\n")) << "the input's end is the message's";
  EXPECT_EQ(Read({"one\\", "^C"}).first, Event::kInterrupted);
}

TEST(ReadMessage, QuotesHoldSeveralLines) {
  EXPECT_EQ(Read({"\"\"\"", "one", "", "two \"\" \\", "\"\"\""}), Line("one\n\ntwo \"\" \\"));
  EXPECT_EQ(Read({"\"\"\"one", "two\"\"\""}), Line("one\ntwo"));
  EXPECT_EQ(Read({"\"\"\"one\"\"\""}), Line("one"));
  EXPECT_EQ(Read({"\"\"\"\"\"\""}), Line(""));
  EXPECT_EQ(Read({"\"\"\"", "one"}), Line("one"));
  EXPECT_EQ(Read({"\"\"\"", "one", "^C", "two"}).first, Event::kInterrupted);
}

}  // namespace
}  // namespace cllm
