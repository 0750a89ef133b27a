#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "program.h"

// `cllm train --chat`: from a text to a model that answers.
namespace cllm::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string Dialogues(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i % 9);
    lines +=
        Json{{"messages", {{{"role", "user"}, {"content", "Say " + n}}, {{"role", "assistant"}, {"content", n + n}}}}}
            .dump() +
        "\n";
  }
  return lines;
}

class ChatTraining : public ::testing::Test {
 protected:
  Outcome Train(const std::string& text, const std::string& run, std::vector<std::string> further) {
    std::vector<std::string> arguments = TinyRun(text, box_.path(run), "30");
    arguments.insert(arguments.end(), further.begin(), further.end());
    return box_.Run(arguments);
  }
  std::string Weights(const std::string& run) {
    return ReadAll(box_.path(run) + "/checkpoints/step-30/model.safetensors");
  }
  Sandbox box_;
  const std::string dialogues_ = box_.Write("dialogues.jsonl", Dialogues(120));
};

TEST_F(ChatTraining, FromATextToAChat) {
  const std::string book = box_.Write("book.txt", SomeText(20000));
  ASSERT_EQ(box_.Run(TinyRun(book, box_.path("book"), "30")).exit_code, 0);
  EXPECT_FALSE(Exists(box_.path("book") + "/chat_template.json"));
  const Outcome trained = box_.Run({"train", "--chat", "--from", box_.path("book"), dialogues_, "--out",
                                    box_.path("chat"), "--steps", "30", "--batch", "4", "--samples", "0"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("120 dialogues with 120 answers: what the assistant says is learned"));
  EXPECT_THAT(trained.err, HasSubstr("tokens of what the assistant says in the validation part"));
  EXPECT_THAT(trained.err, HasSubstr("cllm chat "));
  EXPECT_THAT(ReadAll(box_.path("chat") + "/chat_template.json"), HasSubstr("\"id\": \"plain\""));
  const Outcome chatted =
      box_.Run(Start{.arguments = {"chat", box_.path("chat"), "--seed", "1", "-n", "9"}, .input = "Say 3\n"});
  EXPECT_EQ(chatted.exit_code, 0) << chatted.err;
  EXPECT_THAT(chatted.err, Not(HasSubstr("continues what you write")));
  // What was taught stays when a text follows.
  ASSERT_EQ(box_.Run({"train", "--from", box_.path("chat"), book, "--out", box_.path("more"), "--steps", "3", "--quiet",
                      "--samples", "0"}).exit_code, 0);
  EXPECT_TRUE(Exists(box_.path("more") + "/chat_template.json"));
  ASSERT_EQ(box_.Run({"runs", "rm", "--yes", box_.path("chat")}).exit_code, 0);
  EXPECT_FALSE(Exists(box_.path("chat")));
}

TEST_F(ChatTraining, ThreadsAndTheConfiguration_GiveTheSameBits) {
  ASSERT_EQ(Train(dialogues_, "one", {"--chat", "--threads", "1"}).exit_code, 0);
  ASSERT_EQ(Train(dialogues_, "five", {"--chat", "--threads", "5"}).exit_code, 0);
  EXPECT_EQ(Weights("one"), Weights("five"));
  EXPECT_THAT(ReadAll(box_.path("one") + "/config.toml"), HasSubstr("chat = true"));
  ASSERT_EQ(box_.Run({"train", "--config", box_.path("one") + "/config.toml", "--out", box_.path("again"), "--quiet"})
                .exit_code,
            0);
  EXPECT_EQ(Weights("one"), Weights("again"));
  ASSERT_EQ(Train(dialogues_, "whole", {}).exit_code, 0);
  EXPECT_NE(Weights("one"), Weights("whole")) << "what the user says is not learned";
}

// Killed wherever it is, and gone on with: the files of a run that was left alone.
TEST_F(ChatTraining, KilledAndResumed_SameBits) {
  ASSERT_EQ(Train(dialogues_, "whole", {"--chat"}).exit_code, 0);
  for (const int after : {3, 17}) {
    const std::string run = box_.path("killed" + std::to_string(after));
    std::vector<std::string> arguments = TinyRun(dialogues_, run, "30");
    arguments.insert(arguments.end(), {"--chat", "--save-every", "1"});
    box_.Run(Start{.arguments = arguments, .meanwhile = [&](int pid) {
                     while (!Exists(run + "/checkpoints/step-" + std::to_string(after)) &&
                            !Exists(run + "/checkpoints/step-30")) {
                     }
                     kill(pid, SIGKILL);
                   }});
    const Outcome resumed = box_.Run({"resume", run, "--quiet"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(ReadAll(run + "/checkpoints/step-30/model.safetensors"), Weights("whole"));
  }
}

TEST_F(ChatTraining, EvalOfDialogues_CountsTheAnswersAlone_AndSaysSo) {
  ASSERT_EQ(Train(dialogues_, "run", {"--chat"}).exit_code, 0);
  const Outcome said = box_.Run({"eval", box_.path("run"), dialogues_});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("of what the assistant says, in dialogues of"));
  const Json answers = Json::parse(box_.Run({"eval", box_.path("run"), dialogues_, "--json"}).out);
  // " 33" and the end token.
  EXPECT_EQ(answers["tokens"], 120 * 4);
  EXPECT_EQ(answers["bytes"], 120 * 3);
  EXPECT_EQ(answers["of_answers"], true);
  const std::string book = SomeText(3000);
  const Json text = Json::parse(box_.Run({"eval", box_.path("run"), box_.Write("b.txt", book), "--json"}).out);
  EXPECT_EQ(text["of_answers"], false);
  EXPECT_EQ(text["bytes"], book.size());
  const Outcome silent =
      box_.Run({"eval", box_.path("run"),
                box_.Write("c.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}\n")});
  EXPECT_EQ(silent.exit_code, 3);
  EXPECT_THAT(silent.err, HasSubstr("expected an answer of the assistant"));
}

TEST_F(ChatTraining, TextsWithoutDialogues_AreRefused_WithWhatIsExpected) {
  for (const std::string& text :
       {box_.Write("book.txt", SomeText(3000)), box_.Write("t.jsonl", "{\"text\": \"Once\"}\n"),
        box_.Write("s.jsonl", "{\"messages\": \"Once\"}\n")}) {
    const Outcome refused = Train(text, "none", {"--chat"});
    EXPECT_EQ(refused.exit_code, 3) << text;
    EXPECT_THAT(refused.err, HasSubstr("expected dialogues"));
    EXPECT_THAT(refused.err, HasSubstr("\"messages\""));
    EXPECT_FALSE(Exists(box_.path("none")));
  }
  const Outcome roleless = Train(box_.Write("r.jsonl", "{\"messages\": [\"Hi\", \"Ho\"]}\n"), "none", {"--chat"});
  EXPECT_EQ(roleless.exit_code, 3);
  EXPECT_THAT(roleless.err, HasSubstr("expected a role of every message"));
}

TEST_F(ChatTraining, APlay_BecomesDialogues) {
  const std::string play = box_.Write(
      "play.txt", "ROMEO:\nIs the day so young?\n\nBENVOLIO:\nBut new\nstruck nine.\n\nROMEO:\nAy me!\n\nThey go.\n\n"
                  "First Citizen:\n" + std::string(500, 'x') + "\n\nROMEO:\nSad hours.\n\nROMEO:\nSo long.\n");
  const Outcome made = box_.Run(Start{.arguments = {play}, .script = "dialogues"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out,
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Is the day so young?\"}, {\"role\": \"assistant\", "
            "\"content\": \"But new\\nstruck nine.\"}]}\n"
            "{\"messages\": [{\"role\": \"user\", \"content\": \"But new\\nstruck nine.\"}, {\"role\": \"assistant\", "
            "\"content\": \"Ay me!\"}]}\n");
  const Outcome none = box_.Run(Start{.arguments = {dialogues_}, .script = "dialogues"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("no dialogue found"));
}

// A damaged or newer template is told by name, and the model is not opened as something that it is not.
TEST_F(ChatTraining, ATemplateThatIsNotKnown_IsRefused) {
  ASSERT_EQ(Train(dialogues_, "run", {"--chat"}).exit_code, 0);
  box_.Write("run/chat_template.json", R"({"format": 1, "id": "plain", "template": "{{ 'x' * 1000000 }}"})");
  const Outcome outcome = box_.Run(Start{.arguments = {"chat", box_.path("run")}, .input = "Hi\n"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("chat_template.json"));
}

}  // namespace
}  // namespace cllm::testing
