#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

namespace cllm {

// The streams of events that clients read, by the run they are about. What is sent to a client that does not read waits
// in its connection, up to the server's limit, and then the client is cut off: nobody waits for it. On the server's
// thread.
class EventFeeds {
 public:
  // Begins a stream, which stays until the client goes or End.
  void Add(const std::string& run, const std::shared_ptr<HttpExchange>& exchange,
           const std::vector<HttpHeader>& headers);
  // An event for all who read of that run.
  void Publish(const std::string& run, std::string_view kind, std::string_view json);
  // For one of them: what a newcomer should know.
  void Tell(const std::shared_ptr<HttpExchange>& exchange, std::string_view kind, std::string_view json);
  // A comment into all streams, so that nobody on the way takes them for dead.
  void KeepAlive();
  // Ends the streams of a run, or all.
  void End(const std::string& run);
  void EndAll();

  // Runs that somebody reads of.
  std::vector<std::string> runs() const;
  size_t size() const { return streams_.size(); }

 private:
  std::string EventText(std::string_view kind, std::string_view json);

  std::multimap<std::string, std::shared_ptr<HttpExchange>> streams_;
  uint64_t ids_ = 0;
};

}  // namespace cllm
