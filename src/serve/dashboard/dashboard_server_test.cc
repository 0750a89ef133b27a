#include "serve/dashboard/dashboard_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "run/testing/trained_runs.h"
#include "serve/testing/test_dashboard.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Dashboards : public TrainedRuns {
 protected:
  std::string Log(const std::string& run) { return RunPaths{root_ / run}.log(); }
  void Append(const std::string& run, const std::string& text) { std::ofstream(Log(run), std::ios::app) << text; }
};

std::set<std::string> NamesIn(const Json& fields) {
  std::set<std::string> names;
  for (const auto& [name, value] : fields.items()) names.insert(name);
  return names;
}

TEST_F(Dashboards, ListAndDetails_SayWhatTheContractNames) {
  const RunSummary summary = Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  const Json list = dashboard.Got("/api/runs");
  EXPECT_EQ(list["directory"], root_ / "runs");
  ASSERT_EQ(list["runs"].size(), 1u);
  const Json& run = list["runs"][0];
  for (const char* name :
       {"id",    "name",    "path", "state",         "reason",    "text",  "parameters", "tokenizer",         "step",
        "steps", "tokens",  "nats", "bits_per_byte", "best_step", "whole", "loss",       "tokens_per_second", "seconds",
        "eta_s", "changed", "now",  "disk_bytes",    "live"}) {
    EXPECT_TRUE(run.contains(name)) << name;
  }
  EXPECT_EQ(run["id"], "a");
  EXPECT_EQ(run["state"], "finished");
  EXPECT_EQ(run["step"], 12);
  EXPECT_EQ(run["steps"], 12);
  EXPECT_EQ(run["tokenizer"], "bytes");
  EXPECT_EQ(run["bits_per_byte"], summary.bits_per_byte);
  EXPECT_EQ(run["live"], false);
  EXPECT_GT(run["loss"].get<double>(), 0);
  const Json details = dashboard.Got("/api/runs/a");
  for (const auto& [name, value] : run.items()) EXPECT_TRUE(details.contains(name)) << name;
  EXPECT_EQ(details["description"]["width"], 8);
  EXPECT_EQ(details["config"]["batch"], "4");
  EXPECT_THAT(details["commands"]["resume"].get<std::string>(), HasSubstr("resume "));
  ASSERT_GE(details["checkpoints"].size(), 2u);
  EXPECT_EQ(details["checkpoints"][0]["step"], 12);
  EXPECT_EQ(details["checkpoints"][0]["valid"], true);
  EXPECT_EQ(details["sessions"].size(), 1u);
  EXPECT_FALSE(details["events"].empty());
  EXPECT_NEAR(details["uniform_nats"].get<double>(), std::log(259), 1e-12);
  EXPECT_EQ(details["clip"], 1.0);
  EXPECT_EQ(NamesIn(details["parts"]), (std::set<std::string>{"items_s", "reduce_s", "update_s", "pack_s", "eval_s"}));
  EXPECT_TRUE(details["alerts"].is_array());
  EXPECT_TRUE(details["limits"]["text"].is_string());
  EXPECT_TRUE(details["memory"].contains("peak_bytes"));
  EXPECT_TRUE(details["controls"].empty()) << "nobody trains it";
}

TEST_F(Dashboards, CurvesAreThoseOfTheLog) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  const Json curves = dashboard.Got("/api/runs/a/curves?names=loss,val_nats,nonsense,step&x=step&points=100");
  EXPECT_EQ(NamesIn(curves["curves"]), (std::set<std::string>{"loss", "val_nats", "step"}));
  const Json& loss = curves["curves"]["loss"];
  EXPECT_EQ(loss["x"].size(), 12u);
  EXPECT_EQ(loss["total"], 12);
  for (const char* name : {"last", "min", "max"}) EXPECT_EQ(loss[name].size(), 12u);
  EXPECT_GE(curves["curves"]["val_nats"]["x"].size(), 2u);
  EXPECT_EQ(curves["sessions"].size(), 1u);
  EXPECT_EQ(curves["whole"], true);
  EXPECT_EQ(dashboard.Got("/api/runs/a/curves?names=loss&x=tokens")["curves"]["loss"]["x"].back(), 12 * 4 * 8);
  const Json window = dashboard.Got("/api/runs/a/curves?names=loss&from=4&to=6")["curves"]["loss"];
  EXPECT_LE(window["x"].size(), 5u);
  for (const char* wrong : {"?names=loss&x=never", "?names=loss&from=x", "?names=loss&points=many"}) {
    const HttpReply reply = dashboard.Get(std::string("/api/runs/a/curves") + wrong);
    EXPECT_EQ(reply.status, 400) << wrong;
    EXPECT_TRUE(Json::parse(reply.body)["error"]["message"].is_string());
  }
  EXPECT_LE(dashboard.Got("/api/runs/a/curves?names=loss&points=-5")["curves"]["loss"]["x"].size(), 12u);
}

TEST_F(Dashboards, LogAndCsv_AreWhole) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  std::ifstream file(Log("runs/a"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(dashboard.Get("/api/runs/a/log").body, text);
  const HttpReply csv = dashboard.Get("/api/runs/a/curves.csv?names=loss,val_nats");
  EXPECT_TRUE(csv.whole);
  EXPECT_THAT(csv.body, ::testing::StartsWith("step,timestamp,loss,val_nats\n"));
  EXPECT_EQ(std::ranges::count(csv.body, '\n'), 13);
  EXPECT_THAT(csv.Header("Content-Disposition"), HasSubstr("curves.csv"));
  EXPECT_EQ(Call(dashboard.port(), "HEAD /api/runs/a/log HTTP/1.1\r\nHost: localhost\r\n\r\n", true).status, 200);
}

// More than may wait in memory at once, taken slowly and not to its end.
TEST_F(Dashboards, LongLog_WaitsForItsReader) {
  Train(Tiny(), "runs/a");
  std::string line = "{\"step\":100,\"loss\":" + std::string(200, '1') + "}\n";
  std::string much;
  while (much.size() < (16 << 20)) much += line;
  Append("runs/a", much);
  const TestDashboard dashboard(root_ / "runs");
  EXPECT_EQ(dashboard.Get("/api/runs/a/log").body.size(), fs::file_size(Log("runs/a")));
  HttpClient leaves(dashboard.port());
  leaves.Send(GetText("/api/runs/a/log"));
  leaves.ReadUntil("\r\n\r\n");
  leaves.Abort();
  EXPECT_EQ(dashboard.Get("/api/runs").status, 200);
}

TEST_F(Dashboards, SamplesSayWhatTheyHaveCopied) {
  Train(Tiny(), "runs/a");
  Append("runs/a",
         "{\"event\":\"sample\",\"step\":12,\"text\":\"<img src=x onerror=alert(1)>line 37 of a small text\\n\"}\n");
  const TestDashboard dashboard(root_ / "runs");
  const Json samples =
      dashboard.GotWhen("/api/runs/a/samples", [](const Json& got) { return !got["pending"].get<bool>(); });
  EXPECT_EQ(samples["known"], true) << samples.dump();
  const Json& last = samples["samples"].back();
  EXPECT_EQ(last["step"], 12);
  std::string all;
  for (const Json& piece : last["pieces"]) all += piece["text"].get<std::string>();
  EXPECT_EQ(all, last["text"]);
  EXPECT_GE(last["longest"].get<int>(), 24);
  EXPECT_GT(last["copied_share"].get<double>(), 0.4);
}

TEST_F(Dashboards, LatticeAndItsTokens) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  const Json lattice = dashboard.GotWhen("/api/runs/a/lattice", [](const Json& got) { return !got["loss"].is_null(); });
  EXPECT_EQ(lattice["count"], 259);
  EXPECT_EQ(lattice["loss"].size(), 259u);
  EXPECT_EQ(lattice["loss_step"], 12);
  EXPECT_EQ(lattice["loss_pending"], false);
  EXPECT_EQ(dashboard.Got("/api/runs/a/lattice/104")["id"], 104);
  for (const char* token : {"259", "-1", "x", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(dashboard.Get(std::string("/api/runs/a/lattice/") + token).status, 404) << token;
  }
}

TEST_F(Dashboards, SpheresOfAFinishedRun_AreThoseOfItsLog) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  const Json spheres = dashboard.Got("/api/runs/a/spheres");
  EXPECT_EQ(spheres["known"], true);
  ASSERT_EQ(spheres["leaves"].size(), 2u);
  EXPECT_TRUE(spheres["leaves"][0].contains("busy_s"));
  EXPECT_FALSE(spheres["groups"].empty());
}

TEST_F(Dashboards, EventsOfAnotherProcess_FollowItsLog) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  EventReader reader(dashboard.port(), "/api/runs/a/events");
  EXPECT_EQ(reader.Next("step")["step"], 12) << "the newest comes at once";
  Append("runs/a", "{\"step\":13,\"loss\":3.5}\n{\"step\":14,\"lo");
  Json step = reader.Next("step");
  EXPECT_EQ(step["step"], 13);
  EXPECT_EQ(step["event"], "step");
  Append("runs/a", "ss\":3}\nno record\n{\"event\":\"note\",\"step\":14,\"text\":\"a\\r\\nb<script>\"}\n");
  EXPECT_EQ(reader.Next("step")["step"], 14);
  EXPECT_EQ(reader.Next("note")["text"], "a\r\nb<script>");
  // A resume replaces the file.
  fs::copy_file(Log("runs/a"), root_ / "next");
  std::ofstream(root_ / "next", std::ios::app) << "{\"event\":\"resume\",\"step\":14}\n{\"step\":15,\"loss\":2}\n";
  fs::rename(root_ / "next", Log("runs/a"));
  EXPECT_EQ(reader.Next("resume")["event"], "resume");
  // Whoever comes back is told the newest, and nothing twice.
  reader.Leave();
  EventReader again(dashboard.port(), "/x/y/api/runs/a/events");
  EXPECT_EQ(again.Next("step")["step"], 15);
  fs::remove_all(root_ / "runs/a");
  EXPECT_TRUE(again.Ends()) << "the run has gone";
  EXPECT_EQ(dashboard.Get("/api/runs/a/events").status, 404);
  EXPECT_EQ(dashboard.Get("/api/runs/a").status, 404);
}

TEST_F(Dashboards, RunOfThisProcess_IsLive_AndDoesWhatIsAsked) {
  const Result<PreparedRun> run = PrepareRun(Tiny(), MonotonicSeconds(), notes_);
  ASSERT_TRUE(run.ok());
  Result<NewRunDirectory> made = MakeRunDirectory(files_, root_ / "runs/a", *run);
  ASSERT_TRUE(made.ok());
  RunControl control;
  TestDashboard dashboard(DashboardOptions{});
  FanOut all;
  const auto observer = dashboard.server().Show(made->path(), control);
  dashboard.Run();
  all.Add("the dashboard", *observer);
  const auto active = ActiveRun::Begin(*run, *std::move(made), files_, {all, control});
  ASSERT_TRUE(active.ok()) << active.status().message();
  const Json details = dashboard.Got("/api/runs/a");
  EXPECT_EQ(details["live"], true);
  EXPECT_EQ(details["state"], "running");
  EXPECT_EQ(details["controls"], (Json{"save", "stop", "sample"}));
  EXPECT_GT(details["memory"]["resident_bytes"].get<uint64_t>(), 0u);
  EventReader reader(dashboard.port(), "/api/runs/a/events");
  EXPECT_EQ(reader.Next("phase")["event"], "phase");
  EXPECT_EQ(dashboard.Post("/api/runs/a/sample").status, 202);
  EXPECT_TRUE(control.sample_now);
  EXPECT_EQ(dashboard.Post("/api/runs/a/save").status, 202);
  EXPECT_TRUE(control.save_now);
  ASSERT_TRUE((*active)->Train().ok());
  EXPECT_EQ(reader.Next("sample")["event"], "sample");
  EXPECT_EQ(reader.Next("end")["step"], 12);
  const Json spheres = dashboard.GotWhen("/api/runs/a/spheres", [](const Json& got) { return got["step"] == 12; });
  EXPECT_EQ(spheres["leaves"].size(), 2u);
  dashboard.GotWhen("/api/runs/a", [](const Json& got) { return got["controls"].empty(); });
  EXPECT_EQ(dashboard.Post("/api/runs/a/stop").status, 409);
  EXPECT_EQ(control.stop_signal, 0);
}

TEST_F(Dashboards, Playground_ContinuesWithTheNewestCheckpoint) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  const Json body = {{"prompt", "line "}, {"max_tokens", 20}, {"temperature", 0.8}, {"seed", 3}};
  const auto text_of = [&] {
    const HttpReply reply = dashboard.Post("/api/runs/a/generate", body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.Header("Content-Type"), "text/event-stream");
    std::string text;
    bool done = false;
    for (const std::string& event : reply.Events()) {
      const Json parsed = Json::parse(event);
      text += parsed.value("text", "");
      done = parsed.value("done", false);
    }
    EXPECT_TRUE(done);
    return text;
  };
  const std::string first = text_of();
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(text_of(), first) << "the same for the same seed";
  for (const Json& wrong : {Json{{"max_tokens", 0}}, Json{{"max_tokens", -1}}, Json{{"temperature", "hot"}},
                            Json{{"prompt", 7}}, Json{{"top_p", 2}}}) {
    EXPECT_EQ(dashboard.Post("/api/runs/a/generate", wrong).status, 400) << wrong.dump();
  }
  EXPECT_EQ(dashboard.Post("/api/runs/b/generate", body).status, 404);
  fs::remove_all(root_ / "runs/a/checkpoints");
  EXPECT_EQ(dashboard.Post("/api/runs/a/generate", {{"prompt", "x"}}).status, 409) << "no checkpoint is left";
}

TEST_F(Dashboards, OnlyThePageMayAskForChanges) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  EXPECT_EQ(dashboard.token().size(), 32u);
  const auto post = [&](const std::string& headers, const std::string& host = "localhost") {
    return Call(dashboard.port(),
                "POST /api/runs/a/stop HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n" + headers + "\r\n");
  };
  const std::string token = "X-Cllm-Token: " + dashboard.token() + "\r\n";
  EXPECT_EQ(post(token).status, 409) << "nobody trains it";
  EXPECT_EQ(post("").status, 403);
  EXPECT_EQ(post("X-Cllm-Token: \r\n").status, 403);
  EXPECT_EQ(post("X-Cllm-Token: " + std::string(32, '0') + "\r\n").status, 403);
  EXPECT_EQ(post(token + "Origin: http://attacker.example\r\n").status, 403);
  EXPECT_EQ(post(token + "Origin: null\r\n").status, 403);
  EXPECT_EQ(post(token, "attacker.example").status, 403);
  EXPECT_EQ(post(token, "attacker.example:" + std::to_string(dashboard.port())).status, 403);
  EXPECT_EQ(post(token + "Origin: http://localhost\r\n").status, 409) << "the page's own";
  EXPECT_EQ(dashboard.Get("/api/runs/a/stop").status, 405);
  EXPECT_EQ(dashboard.Get("/api/runs", "Origin: http://attacker.example\r\n").status, 403) << "reading, too";
  EXPECT_EQ(Call(dashboard.port(), "GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n").status, 403);
  const HttpReply preflight = Call(dashboard.port(),
                                   "OPTIONS /api/runs/a/stop HTTP/1.1\r\nHost: localhost\r\nOrigin: "
                                   "http://attacker.example\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Origin"), "");
  const TestDashboard other(root_ / "runs");
  EXPECT_NE(other.token(), dashboard.token()) << "another server has another one";
}

TEST_F(Dashboards, PageIsThere_BelowAnyPath) {
  const TestDashboard dashboard(root_ / "nothing");
  for (const char* path : {"/", "/x/y/", "/dashboard.html", "/x/dashboard.html"}) {
    const HttpReply reply = dashboard.Get(path, "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.Header("ETag"), "");
    EXPECT_THAT(reply.Header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(reply.body, HasSubstr("content=\"" + dashboard.token() + "\""));
  }
  EXPECT_EQ(dashboard.Get("/assets/icon.svg").status, 200);
  EXPECT_EQ(dashboard.Get("/x/assets/icon.svg").status, 200);
  for (const char* path :
       {"/playground.html", "/assets/nothing.js", "/nothing", "/assets/../../etc/passwd", "/%2e%2e/etc/passwd"}) {
    EXPECT_EQ(dashboard.Get(path).status, 404) << path;
  }
  EXPECT_EQ(dashboard.Got("/api/runs")["runs"].size(), 0u) << "no runs are no error";
  EXPECT_THAT(dashboard.Got("/api/server")["ssh"].get<std::string>(), HasSubstr("ssh -N -L"));
}

TEST_F(Dashboards, WhatIsNotThere_IsSaidSo) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  for (const char* path :
       {"/api/runs/b", "/api/runs/b/curves?names=loss", "/api/runs/b/log", "/api/runs/b/curves.csv",
        "/api/runs/b/events", "/api/runs/b/samples", "/api/runs/b/lattice", "/api/runs/b/lattice/5",
        "/api/runs/b/spheres", "/api/runs/a/nothing", "/api/runs/a/log/more", "/api/runs/..%2f..%2fetc"}) {
    const HttpReply reply = dashboard.Get(path);
    EXPECT_EQ(reply.status, 404) << path;
    const Json body = Json::parse(reply.body, nullptr, false);
    EXPECT_TRUE(body["error"]["message"].is_string()) << path;
  }
  EXPECT_EQ(Call(dashboard.port(), PostText("/api/runs", "{}")).status, 405);
}

// A log may be cut, of others, or not there; names may be anything.
TEST_F(Dashboards, HostileRuns_AreShownAsFarAsTheyCanBe) {
  Train(Tiny(), "runs/<script>alert(1)<");
  Train(Tiny(), "runs/cut");
  fs::resize_file(Log("runs/cut"), fs::file_size(Log("runs/cut")) / 2 + 7);
  Train(Tiny(), "runs/foreign");
  std::ofstream(Log("runs/foreign")) << "\x7f"
                                        "ELF nonsense\n[1,2]\n{\"a\":{}}\n"
                                     << std::string(100'000, '[') << "\n{\"step\":1e99}\n";
  Train(Tiny(), "runs/without");
  fs::remove(Log("runs/without"));
  Train(Tiny(), "runs/pipe");
  fs::remove(Log("runs/pipe"));
  ASSERT_EQ(mkfifo(Log("runs/pipe").c_str(), 0666), 0);
  Train(Tiny(), "runs/nan");
  Append("runs/nan", "{\"step\":13,\"loss\":null,\"nan\":true,\"grad_norm\":1}\n{\"step\":14,\"loss\":1e999}\n");
  const TestDashboard dashboard(root_ / "runs");
  const Json list = dashboard.Got("/api/runs");
  EXPECT_EQ(list["runs"].size(), 6u);
  for (const Json& run : list["runs"]) {
    const std::string id = run["id"];
    for (const char* what :
         {"", "/curves?names=loss,grad_norm&x=seconds", "/samples", "/spheres", "/lattice", "/lattice/40"}) {
      dashboard.Got("/api/runs/" + id + what);
    }
  }
  const Json marks = dashboard.Got("/api/runs/nan/curves?names=loss")["curves"]["loss"]["marks"];
  ASSERT_GE(marks.size(), 1u);
  EXPECT_EQ(marks[0]["x"], 13);
  EXPECT_EQ(marks[0]["value"], "nan");
  EXPECT_EQ(dashboard.Get("/api/runs/without/log").status, 404);
}

// Many readers of one run that trains, some of which leave: for the thread sanitizer, too.
TEST_F(Dashboards, ManyReaders_ComeAndGo) {
  Train(Tiny(), "runs/a");
  const TestDashboard dashboard(root_ / "runs");
  std::vector<std::jthread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        EventReader reader(dashboard.port(), "/api/runs/a/events");
        EXPECT_FALSE(reader.Next("step").is_discarded());
        if (i % 2 == 0) reader.Leave();
        EXPECT_EQ(dashboard.Get("/api/runs/a/curves?names=loss").status, 200);
      }
    });
  }
  for (int step = 13; step < 60; ++step) Append("runs/a", "{\"step\":" + std::to_string(step) + ",\"loss\":1}\n");
  readers.clear();
  EventReader reader(dashboard.port(), "/api/runs/a/events");
  EXPECT_EQ(reader.Next("step")["step"], 59);
}

TEST(TunnelCommands, NameTheHostAsItWasReached) {
  setenv("USER", "ann", 1);
  setenv("SSH_CONNECTION", "192.0.2.7 50000 198.51.100.9 22", 1);
  EXPECT_EQ(TunnelCommand(7007), "ssh -N -L 7007:localhost:7007 ann@198.51.100.9");
  unsetenv("SSH_CONNECTION");
  EXPECT_THAT(TunnelCommand(80), ::testing::StartsWith("ssh -N -L 80:localhost:80 ann@"));
}

}  // namespace
}  // namespace cllm
