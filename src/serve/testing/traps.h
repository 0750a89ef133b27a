#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/testing/test_server.h"

// What real clients send, and where servers of this kind were found to fail: a function for each, over a real socket.
namespace cllm::traps {

inline constexpr const char* kCompletions = "/v1/completions";
inline constexpr const char* kChat = "/v1/chat/completions";

// speaker says "abcdefghij" and ends, from any of its bytes on; random makes bytes of all kinds, and seldom ends.
class Servers {
 public:
  Servers()
      : speaker(SayingServed("speaker", "abcdefghij")),
        random(RandomServed("random", 256)),
        cat(SayingServed("cat", "It:\xe7\x8c\xab!")),
        two(TwoModels()) {}

  TestServer speaker, random, cat, two;

 private:
  static std::vector<std::unique_ptr<ServedModel>> TwoModels() {
    std::vector<std::unique_ptr<ServedModel>> models;
    models.push_back(SayingServed("first", "abc"));
    models.push_back(SayingServed("org/second", "axyz"));
    return models;
  }
};

inline Json Greedy(const std::string& prompt, Json more = Json::object()) {
  more["prompt"] = prompt;
  more["temperature"] = 0;
  return more;
}

inline Json Hello(Json more = Json::object()) {
  more["messages"] = Json::array({{{"role", "user"}, {"content", "Hi"}}});
  if (!more.contains("max_tokens")) more["max_tokens"] = 8;
  return more;
}

// An error of OpenAI's shape.
inline Json ErrorOf(const HttpReply& reply, int status) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(reply.Header("Content-Type"), "application/json");
  const Json body = Json::parse(reply.body, nullptr, false);
  EXPECT_TRUE(body.is_object() && body.contains("error")) << reply.body;
  if (!body.is_object() || !body.contains("error")) return {};
  const Json& error = body["error"];
  EXPECT_TRUE(error["message"].is_string() && error["type"].is_string()) << reply.body;
  EXPECT_TRUE(error.contains("param") && error.contains("code")) << reply.body;
  return error;
}

void UsageComesInAChunkOfItsOwn(Servers& servers);
void StreamOptionsAreHarmless(Servers& servers);
void StopInEveryForm(Servers& servers);
void NullIsTheDefault(Servers& servers);
void UnknownFieldsAreIgnored(Servers& servers);
void BothNamesOfTheLength(Servers& servers);
void ContentInParts(Servers& servers);
void ContentOfNothing(Servers& servers);
void RolesInAnyOrder(Servers& servers);
void LastMessageIsContinued(Servers& servers);
void SeveralChoices(Servers& servers);
void PromptsInEveryForm(Servers& servers);
void LogprobsInBothForms(Servers& servers);
void PromptsAreScored(Servers& servers);
void FinishReasons(Servers& servers);
void FirstChunkOfAChat(Servers& servers);
void FieldsOfTypedClients(Servers& servers);
void UsageIsAlwaysThere(Servers& servers);
void EventsAndTheirEnd(Servers& servers);
void NamesOfModels(Servers& servers);
void ErrorsHaveOneShape(Servers& servers);
void PromptsBeyondTheContext(Servers& servers);
void Preflights(Servers& servers);
void PathsInEveryForm(Servers& servers);
void Keys(Servers& servers);
void GoneClientsAreCancelled(Servers& servers);
void SilentStreamsGetComments(Servers& servers);
void StreamsAreNotCompressed(Servers& servers);
void CharactersStayWhole(Servers& servers);
void StopStringsAcrossTokens(Servers& servers);
void SeedsHoldInCompany(Servers& servers);
void Biases(Servers& servers);
void ToolsAndFormats(Servers& servers);
void SuffixAndBestOf(Servers& servers);
void Carriage(Servers& servers);
void ContentTypesAndMarks(Servers& servers);
void BothLoopbacks(Servers& servers);
void ListOfModels(Servers& servers);
void ManyAtOnce(Servers& servers);
void Embeddings(Servers& servers);

}  // namespace cllm::traps
