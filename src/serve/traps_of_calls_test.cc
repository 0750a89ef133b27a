#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "serve/testing/traps.h"

// What is asked for, in all the ways in which it is asked.
namespace cllm::traps {

void StreamOptionsAreHarmless(Servers& s) {
  s.speaker.Made(kCompletions, Greedy("a", {{"stream_options", nullptr}}));
  s.speaker.Made(kCompletions, Greedy("a", {{"stream", false}, {"stream_options", {{"include_usage", true}}}}));
  s.speaker.Made(kChat, Hello({{"stream", nullptr}, {"stream_options", {{"include_usage", nullptr}}}}));
  s.speaker.Streamed(kCompletions, Greedy("a", {{"stream_options", Json::object()}}));
  ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"stream_options", 3}})), 400);
}

void StopInEveryForm(Servers& s) {
  const auto text = [&](const Json& stop) {
    return s.speaker.Made(kCompletions, Greedy("a", {{"stop", stop}}))["choices"][0]["text"].get<std::string>();
  };
  EXPECT_EQ(text("e"), "bcd");
  EXPECT_EQ(text({"x", "gh"}), "bcdef");
  EXPECT_EQ(text(nullptr), "bcdefghij");
  EXPECT_EQ(text(Json::array()), "bcdefghij");  // and the model's own end counts
  EXPECT_EQ(text(""), "bcdefghij");
  EXPECT_EQ(text({"1", "2", "3", "4", "5", "6", "7", "d"}), "bc");
  EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("a", {{"stop", Json::array()}}))["choices"][0]["finish_reason"],
            "stop");
  ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"stop", 5}})), 400);
  ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"stop", {"a", 5}}})), 400);
  ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"stop", std::vector<std::string>(200, "x")}})), 400);
  ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"stop", std::string(5000, 'x')}})), 400);
}

void NullIsTheDefault(Servers& s) {
  for (const char* name :
       {"model", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "n", "stop", "seed",
        "stream", "stream_options", "logprobs", "top_logprobs", "echo", "presence_penalty", "frequency_penalty",
        "repeat_penalty", "repetition_penalty", "repeat_last_n", "logit_bias", "best_of", "suffix", "user",
        "response_format", "tools", "tool_choice", "ignore_eos", "grammar", "json_schema", "n_probs", "n_predict"}) {
    Json body = Greedy("a");
    if (std::string(name) != "temperature") {
      body[name] = nullptr;
      EXPECT_EQ(s.speaker.Made(kCompletions, body)["choices"][0]["text"], "bcdefghij") << name;
    }
    Json chat = Hello();
    chat[name] = nullptr;
    s.speaker.Made(kChat, chat);
    Json native = Greedy("a");
    native[name] = nullptr;
    s.speaker.Made("/completion", native);
  }
  s.speaker.Made(kCompletions, {{"temperature", nullptr}});
  s.speaker.Made(kCompletions, {{"prompt", nullptr}, {"max_tokens", 1}});
}

void UnknownFieldsAreIgnored(Servers& s) {
  Json body = Greedy("a", {{"user", "me"}, {"store", true}, {"metadata", {{"a", {{"b", {1, 2}}}}}}, {"opts", 5},
                           {"service_tier", "auto"}, {"parallel_tool_calls", false}, {"reasoning_effort", "low"},
                           {"verbosity", "high"}, {"prediction", nullptr}, {"id", {1}}, {"cache_prompt", true},
                           {"samplers", {"top_k"}}, {"", 1}});
  EXPECT_EQ(s.speaker.Made(kCompletions, body)["choices"][0]["text"], "bcdefghij");
  s.speaker.Made(kChat, Hello({{"store", false}, {"modalities", {"text"}}, {"prompt", 7}}));
  s.speaker.Made("/tokenize", {{"content", "a"}, {"extra", 1}});
}

void BothNamesOfTheLength(Servers& s) {
  const auto tokens = [&](Json body) {
    return s.random.Made(kCompletions, body)["usage"]["completion_tokens"].get<int>();
  };
  const auto with = [&](Json more) { return tokens(Greedy("ab", std::move(more))); };
  EXPECT_EQ(with({{"max_completion_tokens", 3}, {"ignore_eos", true}}), 3);
  EXPECT_EQ(with({{"max_tokens", 9}, {"max_completion_tokens", 4}, {"ignore_eos", true}}), 4);
  EXPECT_EQ(with({{"max_tokens", 2}, {"max_completion_tokens", 5}, {"ignore_eos", true}}), 2);
  EXPECT_EQ(with({{"max_tokens", 0}}), 0);
  EXPECT_EQ(with({{"max_tokens", -1}, {"ignore_eos", true}}), 256 - 3 + 1);
  EXPECT_EQ(with({{"max_tokens", 5.0}, {"ignore_eos", true}}), 5);
  for (const Json& wrong : {Json(-2), Json(1.5), Json("9"), Json(true), Json(1e300), Json::array({1})}) {
    EXPECT_EQ(ErrorOf(s.random.Post(kCompletions, Greedy("a", {{"max_tokens", wrong}})), 400)["param"], "max_tokens");
  }
}

void ContentInParts(Servers& s) {
  const auto ask = [&](const Json& content) {
    return s.random.Made(kChat, {{"messages", {{{"role", "user"}, {"content", content}}}}, {"temperature", 0},
                                 {"max_tokens", 12}});
  };
  const Json plain = ask("One two");
  const Json parts = ask({{{"type", "text"}, {"text", "One"}}, {{"type", "text"}, {"text", " two"}}});
  EXPECT_EQ(plain["choices"][0]["message"], parts["choices"][0]["message"]);
  EXPECT_EQ(plain["usage"], parts["usage"]);
  EXPECT_EQ(plain["usage"], ask(Json::array({"One two"}))["usage"]);
  ask(Json::array());
  const Json image = {{{"role", "user"},
                       {"content", {{{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,AA"}}}}}}}};
  const Json error = ErrorOf(s.random.Post(kChat, Json{{"messages", image}}), 400);
  EXPECT_NE(error["message"].get<std::string>().find("reads text only"), std::string::npos);
  ErrorOf(s.random.Post(kChat, Json{{"messages", {{{"role", "user"}, {"content", 5}}}}}), 400);
}

void ContentOfNothing(Servers& s) {
  for (const Json& message : {Json{{"role", "assistant"}, {"content", nullptr}}, Json{{"role", "assistant"}},
                              Json{{"role", "user"}, {"content", ""}}, Json{{"role", "user"}},
                              Json{{"role", "assistant"}, {"content", nullptr}, {"tool_calls", {{{"id", "x"}}}}}}) {
    s.random.Made(kChat, {{"messages", {message, {{"role", "user"}, {"content", "Hi"}}}}, {"max_tokens", 2}});
    s.random.Made(kChat, {{"messages", {message}}, {"max_tokens", 2}});
  }
}

void RolesInAnyOrder(Servers& s) {
  using Roles = std::vector<std::string>;
  for (const Roles& roles : {Roles{"developer", "user"}, Roles{"system", "system", "user"}, Roles{"assistant", "user"},
                             Roles{"user", "user", "user"}, Roles{"tool"}, Roles{"function", "user"},
                             Roles{"user", "assistant", "system"}, Roles{"Narrator", "user"}, Roles{"system"}}) {
    Json messages = Json::array();
    for (const std::string& role : roles) messages.push_back({{"role", role}, {"content", "x"}});
    s.random.Made(kChat, {{"messages", messages}, {"max_tokens", 2}});
  }
  s.random.Made(kChat, {{"messages", {{{"content", "no role"}}}}, {"max_tokens", 2}});
  for (const Json& wrong : {Json(7), Json(""), Json("a:b"), Json("a\nb")}) {
    ErrorOf(s.random.Post(kChat, Json{{"messages", {{{"role", wrong}, {"content", "x"}}}}}), 400);
  }
  for (const Json& wrong :
       {Json(nullptr), Json::array(), Json("text"), Json::array({"text"}), Json::array({nullptr})}) {
    ErrorOf(s.random.Post(kChat, Json{{"messages", wrong}}), 400);
  }
}

// The last message is the assistant's: it goes on, without a new turn.
void LastMessageIsContinued(Servers& s) {
  const auto ask = [&](const std::string& begun) {
    const Json made = s.speaker.Made(kChat, {{"messages", {{{"role", "user"}, {"content", "Go"}},
                                                           {{"role", "assistant"}, {"content", begun}}}},
                                             {"temperature", 0}});
    return made["choices"][0]["message"]["content"].get<std::string>();
  };
  EXPECT_EQ(ask("a"), "bcdefghij");
  EXPECT_EQ(ask("wait: e"), "fghij");
  EXPECT_EQ(ask("j"), "");
}

void SeveralChoices(Servers& s) {
  const Json body = {{"prompt", "x"}, {"n", 3}, {"seed", 40}, {"max_tokens", 20}, {"temperature", 1.5}};
  const Json made = s.random.Made(kCompletions, body);
  ASSERT_EQ(made["choices"].size(), 3u);
  std::set<std::string> texts;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(made["choices"][i]["index"], i);
    Json one = body;
    one["n"] = 1;
    one["seed"] = 40 + i;
    EXPECT_EQ(s.random.Made(kCompletions, one)["choices"][0]["text"], made["choices"][i]["text"]);
    EXPECT_EQ(TextOf(s.random.Streamed(kCompletions, body), i), made["choices"][i]["text"]);
    texts.insert(made["choices"][i]["text"].get<std::string>());
  }
  EXPECT_EQ(texts.size(), 3u);
  EXPECT_EQ(s.random.Made(kChat, Hello({{"n", 2}}))["choices"].size(), 2u);
  for (const Json& wrong : {Json(0), Json(-1), Json(129), Json(1.5), Json("2")}) {
    EXPECT_EQ(ErrorOf(s.random.Post(kCompletions, Greedy("a", {{"n", wrong}})), 400)["param"], "n");
  }
}

void PromptsInEveryForm(Servers& s) {
  const auto texts = [&](const Json& prompt, int n = 1) {
    const Json made = s.speaker.Made(kCompletions, {{"prompt", prompt}, {"temperature", 0}, {"n", n}});
    std::vector<std::string> found;
    for (size_t i = 0; i < made["choices"].size(); ++i) {
      EXPECT_EQ(made["choices"][i]["index"], i);
      found.push_back(made["choices"][i]["text"]);
    }
    return found;
  };
  using Texts = std::vector<std::string>;
  const int h = kFirstByteId + 'h';
  EXPECT_EQ(texts("h"), (Texts{"ij"}));
  EXPECT_EQ(texts({"h", "g"}), (Texts{"ij", "hij"}));
  EXPECT_EQ(texts({h}), (Texts{"ij"}));
  EXPECT_EQ(texts({{h}, {h - 1}}), (Texts{"ij", "hij"}));
  EXPECT_EQ(texts({"h", "g"}, 2), (Texts{"ij", "ij", "hij", "hij"}));
  EXPECT_EQ(texts(""), (Texts{"abcdefghij"}));
  EXPECT_EQ(texts({Json::array(), {h}}), (Texts{"abcdefghij", "ij"}));
  const std::vector<Json> chunks = s.speaker.Streamed(kCompletions, {{"prompt", {"h", "e"}}, {"temperature", 0}});
  EXPECT_EQ(TextOf(chunks, 0), "ij");
  EXPECT_EQ(TextOf(chunks, 1), "fghij");
  for (const Json& wrong : {Json(5), Json::object(), Json::array(), Json::array({"a", 5}), Json::array({5, "a"}),
                            Json::array({259}), Json::array({-1}), Json::array({1.5}),
                            Json::array({Json::array({999})}), Json::array({Json::array({Json::array({5})})})}) {
    EXPECT_EQ(ErrorOf(s.speaker.Post(kCompletions, Json{{"prompt", wrong}}), 400)["param"], "prompt") << wrong;
  }
}

void PromptsBeyondTheContext(Servers& s) {
  for (const Json& body :
       {Json{{"prompt", std::string(256, 'x')}}, Json{{"prompt", std::string(100000, 'x')}},
        Json{{"prompt", std::vector<int>(257, 9)}}, Json{{"prompt", {"a", std::string(300, 'x')}}}}) {
    const Json error = ErrorOf(s.random.Post(kCompletions, body), 400);
    EXPECT_EQ(error["code"], "context_length_exceeded");
    EXPECT_EQ(error["param"], "prompt");
    EXPECT_NE(error["message"].get<std::string>().find("maximum context length is 256 tokens"), std::string::npos);
  }
  const Json error = ErrorOf(s.random.Post(kCompletions, Json{{"prompt", std::string(299, 'x')}}), 400);
  EXPECT_NE(error["message"].get<std::string>().find("300 tokens"), std::string::npos) << error;
  Json chat = Hello();
  chat["messages"][0]["content"] = std::string(300, 'x');
  EXPECT_EQ(ErrorOf(s.random.Post(kChat, chat), 400)["param"], "messages");
  s.random.Made(kCompletions, {{"prompt", std::string(255, 'x')}, {"max_tokens", 5}});  // fits exactly
}

void SeedsHoldInCompany(Servers& s) {
  const Json body = {{"prompt", "The same"}, {"seed", -5}, {"temperature", 1.2}, {"max_tokens", 60}};
  const std::string alone = s.random.Made(kCompletions, body)["choices"][0]["text"];
  std::vector<std::jthread> others;
  std::vector<std::string> texts(16);
  for (size_t i = 0; i < texts.size(); ++i) {
    others.emplace_back([&, i] {
      Json mine = body;
      if (i % 2 == 1) mine["seed"] = i, mine["prompt"] = std::string(10 * i, 'y');
      texts[i] = s.random.Made(kCompletions, mine)["choices"][0]["text"];
    });
  }
  others.clear();
  for (size_t i = 0; i < texts.size(); i += 2) EXPECT_EQ(texts[i], alone);
  // Off, as interfaces say it.
  for (const Json& off : {Json{{"top_p", 0}}, Json{{"top_k", -1}}, Json{{"top_k", 0}}, Json{{"repeat_penalty", 0}}}) {
    s.random.Made(kCompletions, Greedy("a", off));
  }
  EXPECT_EQ(s.speaker.Made(kCompletions, Greedy("a", {{"top_p", 0}, {"top_k", -1}}))["choices"][0]["text"],
            "bcdefghij");
  EXPECT_NE(
      s.random.Made(kCompletions, {{"prompt", "x"}, {"temperature", 3}, {"seed", -1}, {"max_tokens", 40}})["choices"],
      s.random.Made(kCompletions, {{"prompt", "x"}, {"temperature", 3}, {"seed", -1}, {"max_tokens", 40}})["choices"]);
  struct Wrong {
    const char* name;
    Json value;
  };
  for (const Wrong& wrong :
       {Wrong{"temperature", -0.1}, Wrong{"temperature", 101}, Wrong{"temperature", "hot"}, Wrong{"top_p", 1.1},
        Wrong{"top_p", -1}, Wrong{"top_k", -2}, Wrong{"min_p", 2}, Wrong{"repeat_penalty", -1},
        Wrong{"presence_penalty", 2.1}, Wrong{"frequency_penalty", -3}, Wrong{"seed", 1.5}, Wrong{"seed", "x"},
        Wrong{"seed", 1e30}, Wrong{"repeat_last_n", -2}, Wrong{"ignore_eos", 1}, Wrong{"stream", "yes"},
        Wrong{"echo", 1}}) {
    Json body2 = {{"prompt", "a"}};
    body2[wrong.name] = wrong.value;
    EXPECT_EQ(ErrorOf(s.random.Post(kCompletions, body2), 400)["param"], wrong.name) << wrong.value;
  }
}

void Biases(Servers& s) {
  const int b = kFirstByteId + 'b', z = kFirstByteId + 'z';
  const auto first = [&](const Json& bias) {
    const Json made = s.speaker.Made(kCompletions, Greedy("a", {{"logit_bias", bias}, {"max_tokens", 1}}));
    return made["choices"][0]["text"].get<std::string>();
  };
  EXPECT_EQ(first({{std::to_string(b), 0}}), "b");
  EXPECT_NE(first({{std::to_string(b), -100}}), "b");
  EXPECT_EQ(first({{std::to_string(z), 100}}), "z");
  EXPECT_EQ(first(Json::array({Json::array({z, 100})})), "z");
  EXPECT_NE(first(Json::array({Json::array({b, false})})), "b");
  EXPECT_EQ(first(Json::object()), "b");
  for (const Json& wrong :
       {Json{{"999", 1}}, Json{{"x", 1}}, Json{{"5", 101}}, Json{{"5", "x"}}, Json{{"-1", 1}}, Json(5),
        Json::array({5}), Json::array({Json::array({5})}), Json::array({Json::array({5, true})})}) {
    EXPECT_EQ(ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"logit_bias", wrong}})), 400)["param"], "logit_bias")
        << wrong;
  }
}

void ToolsAndFormats(Servers& s) {
  const Json tool = {{"type", "function"}, {"function", {{"name", "f"}, {"parameters", {{"type", "object"}}}}}};
  s.random.Made(kChat, Hello({{"tools", {tool}}, {"tool_choice", "auto"}, {"functions", {tool["function"]}},
                              {"response_format", {{"type", "text"}}}}));
  for (const Json& format :
       {Json{{"type", "json_object"}}, Json{{"type", "json_schema"}, {"json_schema", {{"name", "x"}}}}, Json("json"),
        Json::object()}) {
    EXPECT_EQ(ErrorOf(s.random.Post(kChat, Hello({{"response_format", format}})), 400)["param"], "response_format");
  }
  ErrorOf(s.random.Post("/completion", Greedy("a", {{"grammar", "root ::= \"x\""}})), 400);
  s.random.Made("/completion", Greedy("a", {{"grammar", ""}, {"json_schema", Json::object()}, {"n_predict", 2}}));
}

void SuffixAndBestOf(Servers& s) {
  s.speaker.Made(kCompletions, Greedy("a", {{"suffix", nullptr}, {"best_of", 1}}));
  s.speaker.Made(kCompletions, Greedy("a", {{"suffix", ""}, {"best_of", 3}, {"n", 3}}));
  EXPECT_EQ(ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"best_of", 2}})), 400)["param"], "best_of");
  EXPECT_EQ(ErrorOf(s.speaker.Post(kCompletions, Greedy("a", {{"suffix", "end"}})), 400)["param"], "suffix");
}

}  // namespace cllm::traps
