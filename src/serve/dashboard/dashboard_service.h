#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/access.h"
#include "serve/dashboard/dashboard_server.h"
#include "serve/dashboard/dashboard_target.h"
#include "serve/dashboard/download.h"
#include "serve/dashboard/event_feeds.h"
#include "serve/dashboard/model_reader.h"
#include "serve/dashboard/run_reader.h"
#include "serve/dashboard/token_reader.h"
#include "serve/dashboard/work_queue.h"

namespace cllm {

// Answers requests to a dashboard: finds the endpoint, checks who asks, and gives the work to a thread that may take
// its time. On the server's thread, but for AddLive and AddPlace.
class DashboardService {
 public:
  using Post = std::function<void(std::function<void()> work)>;  // to the server's thread
  // options: kept by reference. url: with the port that was found.
  DashboardService(const DashboardOptions& options, Post post, std::string url, uint16_t port);
  ~DashboardService();

  // Thread-safe.
  void AddLive(std::shared_ptr<LiveRun> live);
  void AddPlace(const std::string& place);

  void Handle(const std::shared_ptr<HttpExchange>& exchange);
  // Looks what is new in runs whose events somebody reads. `then` (may be none) is called after it was told.
  void Poll(std::function<void()> then = {});
  void KeepAlive() { feeds_.KeepAlive(); }
  void EndStreams() { feeds_.EndAll(); }

 private:
  struct Visit;
  struct Endpoint;
  static const std::vector<Endpoint>& Endpoints();
  using Read = std::function<HttpAnswer(RunReader& reader)>;

  void Route(const Visit& visit);
  void Page(const Visit& visit);
  void Server(const Visit& visit);
  void Answer(const Visit& visit, HttpAnswer answer);
  void Refuse(const Visit& visit, int status, const std::string& sentence);
  // Answers with what the reader makes of it, on its thread.
  void OnReader(const Visit& visit, Read read);
  // With the run, on the thread for tokens.
  void OnTokens(const Visit& visit, std::function<HttpAnswer(TokenReader& reader, const RunSource& run)> read);

  void Follow(const Visit& visit);
  void Samples(const Visit& visit);
  void FindCopies(const std::string& id, std::vector<std::string> texts);
  void Lattice(const Visit& visit);
  void FindLosses(const RunSource& run);
  void LossStep(const RunSource& run, const std::shared_ptr<ModelReader::Search>& search);
  void KeepLosses(const RunSource& run, Result<KnownLosses> losses);
  void Log(const Visit& visit);
  void Csv(const Visit& visit);
  using PushAll = std::function<Status(const std::string& log, Download& download, const std::stop_token& stop)>;
  void StartDownload(const Visit& visit, HttpAnswer head, const std::string& file, PushAll push_all);
  void Generate(const Visit& visit);
  WorkQueue& IdleDownloads();

  const DashboardOptions& options_;
  const Post post_;
  const std::string url_;
  const uint16_t port_;
  const Access access_;
  const std::string token_;  // that stands in the page
  EventFeeds feeds_;
  bool polling_ = false, followed_before_ = false;

  // Each of the readers is of its own thread alone.
  RunReader runs_;
  TokenReader tokens_;
  ModelReader models_;
  static constexpr size_t kDownloads = 4;  // at once
  WorkQueue run_work_, token_work_, model_work_;
  std::array<std::unique_ptr<WorkQueue>, kDownloads> download_work_;
};

}  // namespace cllm
