#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "infer/decoding_thread.h"
#include "serve/access.h"
#include "serve/completion_job.h"
#include "serve/metrics.h"
#include "serve/model_list.h"
#include "serve/model_server.h"

namespace cllm {

// Answers requests: finds the endpoint, checks who asks, reads the call, and hands what is to be decoded to a queue. On
// the server's thread.
class Service {
 public:
  // What decodes, on another thread. Its events come back through OnEvents.
  struct Decoding {
    std::function<void(DecodingJob job)> submit;
    std::function<void(uint64_t job)> cancel;
    std::function<DecoderStatistics()> statistics;
  };
  // options: kept by reference. base_url: what a client that asks at the wrong place is told.
  Service(const ModelList& models, const ModelServerOptions& options, Decoding decoding, std::string base_url);

  void Handle(const std::shared_ptr<HttpExchange>& exchange, size_t connections);
  void OnEvents(std::vector<DecodingEvent> events);
  // Sends comments into streams that are silent.
  void KeepAlive();

  // Calls that are not answered to their end.
  size_t open_calls() const { return jobs_.size(); }
  // New calls are refused from here on.
  void CloseDoors() { closing_ = true; }
  // Ends all calls with an error.
  void CutCalls();

 private:
  struct Visit;  // a request that is being looked at
  struct Endpoint;
  static const std::vector<Endpoint>& Endpoints();

  void Route(Visit& visit);
  void Answer(const Visit& visit, HttpAnswer answer);
  void Refuse(const Visit& visit, const ApiError& error) { Answer(visit, ErrorAnswer(error)); }
  // The request's JSON and the model it names; false where it was answered with an error.
  bool ReadBody(Visit& visit);
  bool FindModel(Visit& visit, const std::string& name);
  std::string QueryModel(const Visit& visit) const;

  void Complete(Visit& visit, ApiForm form);
  void Submit(uint64_t id, CompletionCall call, const Visit& visit);
  void Health(Visit& visit);
  void Metrics(Visit& visit);
  void Page(Visit& visit);
  void Help(Visit& visit);
  void OneModel(Visit& visit);
  void TellOfPlainChat(const ServedModel& model);
  std::string NewId(const char* prefix);

  const ModelList& models_;
  const ModelServerOptions& options_;
  const Access access_;
  const Decoding decoding_;
  const std::string base_url_;
  const uint64_t id_key_;
  uint64_t ids_ = 0;
  uint64_t next_job_ = 1;
  std::map<uint64_t, std::unique_ptr<CompletionJob>> jobs_;
  std::vector<bool> told_plain_chat_;  // by model
  ServerCounts counts_;
  bool closing_ = false;
};

}  // namespace cllm
