#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "pty_session.h"

// `cllm chat` at the keyboard and from a file.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Options of an answer that no test waits for: the most probable tokens of this model repeat themselves.
const std::vector<std::string> kEndless = {"-n", "10000000", "--temp", "0"};

class Chat : public ::testing::Test {
 protected:
  // One model for all tests: it continues texts and makes little sense.
  static void SetUpTestSuite() {
    home_ = new Sandbox;
    const std::string text = home_->Write("text.txt", SomeText(20000));
    const Outcome trained = home_->Run(TinyRun(text, home_->path("run"), "20"));
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  static void TearDownTestSuite() { delete home_; }

  std::string model() const { return home_->path("run"); }
  // `further` replaces what it names.
  std::vector<std::string> Arguments(std::vector<std::string> further = {}) const {
    std::vector<std::string> arguments = {"chat", model()};
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"--seed", "7"}, {"--threads", "2"}, {"-n", "20"}}) {
      if (std::ranges::find(further, name) == further.end()) arguments.insert(arguments.end(), {name, value});
    }
    arguments.insert(arguments.end(), further.begin(), further.end());
    return arguments;
  }
  Outcome FromInput(const std::string& input, std::vector<std::string> further = {}) const {
    return box_.Run(Start{.arguments = Arguments(std::move(further)), .input = input});
  }

  static Sandbox* home_;
  Sandbox box_;
};
Sandbox* Chat::home_ = nullptr;

TEST_F(Chat, AtItsStart_SaysWhatTheModelCanDo_AndOnceThatItContinuesTexts) {
  const Outcome outcome = FromInput("The\nAnd\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("parameters, a context of"));
  EXPECT_THAT(outcome.err, HasSubstr("in the manner of its text"));
  const size_t said = outcome.err.find("continues what you write");
  ASSERT_NE(said, std::string::npos);
  EXPECT_EQ(outcome.err.find("continues what you write", said + 1), std::string::npos);
}

TEST_F(Chat, WithoutATemplate_TheFirstAnswerIsWhatGenerateWrites) {
  const Outcome generated =
      box_.Run({"generate", model(), "-p", "The", "--seed", "7", "-n", "20", "--threads", "1"});
  const Outcome chatted = FromInput("The\n");
  EXPECT_EQ(chatted.out, generated.out);
}

TEST_F(Chat, ASeedRepeatsAConversation) {
  const std::string lines = "The\nAnd then\n/retry\nthe end\n";
  const Outcome once = FromInput(lines), again = FromInput(lines, {"--threads", "1", "--quiet"});
  EXPECT_EQ(once.out, again.out);
  EXPECT_THAT(again.err, AllOf(Not(HasSubstr("parameters")), Not(HasSubstr("left]"))));
  const Outcome reseeded = FromInput("/seed 8\nThe\n/seed 7\n/reset\nThe\n");
  EXPECT_THAT(reseeded.out, EndsWith(FromInput("The\n").out));
}

TEST_F(Chat, Retry_MakesWhatTheNextSeedMakes) {
  const Outcome retried = FromInput("The\n/retry\n"), other = FromInput("The\n", {"--seed", "8"});
  EXPECT_THAT(retried.out, EndsWith(other.out));
  EXPECT_NE(other.out, FromInput("The\n").out);
}

TEST_F(Chat, Figures_AreToldAfterEachAnswer) {
  const Outcome outcome = FromInput("The\n");
  EXPECT_THAT(outcome.err, ::testing::ContainsRegex(
                               "\\[20 tokens, [0-9]+ a second; .*; [0-9]+ of the context's [0-9]+ tokens left\\]"));
}

TEST_F(Chat, AFullContext_IsTold) {
  std::string lines;
  for (int i = 0; i < 12; ++i) lines += "The same again\n";
  const Outcome outcome = FromInput(lines, {"-n", "5"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("tokens was full: the oldest"));
  const Outcome long_one = FromInput(std::string(3000, 'x') + "\n");
  EXPECT_THAT(long_one.err, HasSubstr("that is longer than the context"));
  const Outcome long_answer = FromInput("The\n", {"-n", "500"});
  EXPECT_THAT(long_answer.err, AnyOf(HasSubstr("became full on the way"), HasSubstr("its text ended")));
}

TEST_F(Chat, Commands_AnswerAndRefuse) {
  const Outcome outcome = FromInput(
      "/help\n/temp\n/temp 0.5\n/temp hot\n/temp 101\n/temp nan\n/seed -1\n/seed "
      "99999999999999999999\n/system\n/system Be.\n"
      "/system off\n/retyr\n/reset now\n/retry\n/save\n/load\n/load none.jsonl\n  \n/quit\nThe\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "") << "nothing after /quit";
  for (const char* said :
       {"/save FILE", "temperature 0.8", "temperature 0.5", "/temp is 'hot', expected a number from 0 to 100",
        "/temp is '101'", "/temp is 'nan'", "/seed is '-1'", "/seed is '99999999999999999999'", "no system message",
        "system message: Be.", "did you mean /retry", "/reset takes no words", "there is no answer to take back",
        "/save needs the name", "/load needs the name", "none.jsonl"}) {
    EXPECT_THAT(outcome.err, HasSubstr(said));
  }
}

TEST_F(Chat, SavedDialogues_AreGoneOnWith_AndNoOtherFileIsTouched) {
  const std::string book = box_.Write("book.txt", "Once upon a time");
  const Outcome saved = FromInput("The\n/save talk.jsonl\n/save book.txt\nAnd\n");
  EXPECT_THAT(saved.err, HasSubstr("talk.jsonl: 2 messages"));
  EXPECT_THAT(saved.err, HasSubstr("book.txt: there is something else"));
  EXPECT_EQ(ReadAll(book), "Once upon a time");
  EXPECT_THAT(ReadAll(box_.path("talk.jsonl")),
              StartsWith(R"({"messages":[{"role":"user","content":"The"},{"role":"assistant")"));
  const Outcome loaded = FromInput("/load talk.jsonl\n/seed 8\nAnd\n");
  EXPECT_THAT(saved.out, EndsWith(loaded.out));
  EXPECT_NE(loaded.out, "");
}

TEST_F(Chat, MessagesOfSeveralLines_AreOneMessage) {
  const Outcome quoted = FromInput("\"\"\"\nThe\nAnd\n\"\"\"\n/save a.jsonl\n");
  EXPECT_THAT(ReadAll(box_.path("a.jsonl")), HasSubstr(R"("content":"The\nAnd")"));
  EXPECT_EQ(FromInput("The\\\nAnd\n").out, quoted.out);
  EXPECT_THAT(ReadAll(box_.path("a.jsonl")), Not(HasSubstr("\\n\\n")));
  const Outcome slash = FromInput("//path\n/save b.jsonl\n");
  EXPECT_THAT(ReadAll(box_.path("b.jsonl")), HasSubstr(R"("content":"/path")"));
}

TEST_F(Chat, Options_OutOfRange_AreRefused) {
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"--temp", "-1"}, {"--seed", "-1"}, {"-n", "0"}, {"--weights", "f64"}}) {
    EXPECT_EQ(FromInput("", bad).exit_code, 2) << bad[0];
  }
  EXPECT_EQ(box_.Run({"chat"}).exit_code, 2);
  EXPECT_EQ(box_.Run({"chat", "none"}).exit_code, 3);
}

TEST_F(Chat, OnATerminal_LinesAreEdited_AndRemembered) {
  PtySession chat(box_, Arguments());
  chat.Expect("leaves.");
  chat.Expect("> ");
  // "Teh", back over two letters, "he": "The".
  chat.Type("Teh\b\bhe\n");
  chat.Expect("left]");
  chat.Expect("> ");    // control characters reach the editor at its prompt alone: before, they are the terminal's
  chat.Type("\x10\n");  // Ctrl-P: the line before
  chat.Expect("left]");
  chat.Type("/save talk.jsonl\n");
  chat.Expect("talk.jsonl: 4 messages");
  chat.Expect("> ");
  chat.Type(kCtrlD);
  EXPECT_EQ(chat.End(), 0);
  EXPECT_THAT(ReadAll(box_.path("talk.jsonl")),
              AllOf(HasSubstr(R"("content":"The")"), HasSubstr(R"("content":"\nThe")")));
}

TEST_F(Chat, OnATerminal_CharactersAreWhole_TypedAndShown) {
  PtySession chat(box_, Arguments());
  chat.Expect("> ");
  // An accent, a Han character and an emoji, the last one deleted again; then one that is cut short.
  chat.Type("\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80\b\xC3\n");
  chat.Expect("left]");
  chat.Type("/save talk.jsonl\n");
  chat.Expect("2 messages");
  chat.Type("/quit\n");
  EXPECT_EQ(chat.End(), 0);
  EXPECT_THAT(ReadAll(box_.path("talk.jsonl")), HasSubstr("\"content\":\"\xC3\xA9\xE4\xB8\x96"));
}

TEST_F(Chat, CtrlC_StopsTheAnswer_AndNotTheProgram) {
  PtySession chat(box_, Arguments(kEndless));
  chat.Expect("> ");
  for (int i = 0; i < 3; ++i) {
    chat.Type("The\n");
    chat.Expect("The\r\n");
    chat.Type(kCtrlC);
    chat.Expect("stopped; an empty line goes on");
    chat.Expect("> ");
  }
  chat.Type("\n");  // goes on
  chat.Expect("\r\n");
  chat.Type(kCtrlC);
  chat.Expect("stopped");
  chat.Expect("> ");
  chat.Type("begun" + std::string(kCtrlC));
  chat.Expect("Ctrl-C stops an answer");
  chat.Type("/quit\n");
  EXPECT_EQ(chat.End(), 0);
}

TEST_F(Chat, ASignalToEnd_EndsItInGoodOrder) {
  for (const int signal : {SIGTERM, SIGHUP}) {
    PtySession waiting(box_, Arguments());
    waiting.Expect("> ");
    kill(waiting.pid(), signal);
    EXPECT_EQ(waiting.End(), 128 + signal);
    PtySession answering(box_, Arguments(kEndless));
    answering.Expect("> ");
    answering.Type("The\n");
    answering.Expect("The\r\n");
    kill(answering.pid(), signal);
    EXPECT_EQ(answering.End(), 128 + signal);
  }
}

// Nobody types: SIGINT means the program.
TEST_F(Chat, FromAFile_SigintEndsTheProgram) {
  // Once it takes the signal itself.
  const auto interrupt = [](int pid) {
    const auto takes_it = [&] {
      const std::string status = ReadAll("/proc/" + std::to_string(pid) + "/status");
      const size_t caught = status.find("SigCgt:");
      return caught == status.npos || (std::strtoull(&status[caught + 7], nullptr, 16) & (1u << (SIGINT - 1))) != 0;
    };
    while (!takes_it()) {
    }
    kill(pid, SIGINT);
  };
  const auto former = signal(SIGPIPE, SIG_IGN);  // it may end before it has read its input
  const Outcome outcome =
      box_.Run(Start{.arguments = Arguments(kEndless), .input = "The\nAnd\n", .meanwhile = interrupt});
  signal(SIGPIPE, former);
  EXPECT_EQ(outcome.exit_code, 130);
}

TEST_F(Chat, LostOutput_EndsIt) {
  const Outcome outcome = box_.Run(Start{.arguments = Arguments(kEndless),
                                         .input = "The\n",
                                         .in_child = [] { (void)freopen("/dev/full", "w", stdout); }});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("standard output: cannot write"));
}

}  // namespace
}  // namespace cllm::testing
