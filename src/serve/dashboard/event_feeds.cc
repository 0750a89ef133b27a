#include "serve/dashboard/event_feeds.h"

#include <fmt/format.h>

#include <utility>

namespace cllm {

void EventFeeds::Add(const std::string& run, const std::shared_ptr<HttpExchange>& exchange,
                     const std::vector<HttpHeader>& headers) {
  HttpAnswer head{.content_type = "text/event-stream", .headers = headers};
  head.headers.push_back({"X-Accel-Buffering", "no"});  // for proxies
  exchange->BeginStream(head);
  exchange->Send("retry: 2000\n\n");
  if (exchange->request().method == "HEAD") return exchange->EndStream();
  streams_.emplace(run, exchange);
  exchange->OnGone([this, gone = exchange.get()] {
    std::erase_if(streams_, [gone](const auto& stream) { return stream.second.get() == gone; });
  });
}

std::string EventFeeds::EventText(std::string_view kind, std::string_view json) {
  return fmt::format("event: {}\nid: {}\ndata: {}\n\n", kind, ++ids_, json);
}

void EventFeeds::Publish(const std::string& run, std::string_view kind, std::string_view json) {
  const auto [begin, end] = streams_.equal_range(run);
  if (begin == end) return;
  const std::string text = EventText(kind, json);
  for (auto stream = begin; stream != end; ++stream) stream->second->Send(text);
}

void EventFeeds::Tell(const std::shared_ptr<HttpExchange>& exchange, std::string_view kind, std::string_view json) {
  exchange->Send(EventText(kind, json));
}

void EventFeeds::KeepAlive() {
  for (const auto& [run, exchange] : streams_) exchange->Send(": ping\n\n");
}

void EventFeeds::End(const std::string& run) {
  const auto [begin, end] = streams_.equal_range(run);
  for (auto stream = begin; stream != end; ++stream) stream->second->EndStream();
  streams_.erase(begin, end);
}

void EventFeeds::EndAll() {
  for (const auto& [run, exchange] : std::exchange(streams_, {})) exchange->EndStream();
}

std::vector<std::string> EventFeeds::runs() const {
  std::vector<std::string> names;
  for (const auto& [run, exchange] : streams_) {
    if (names.empty() || names.back() != run) names.push_back(run);
  }
  return names;
}

}  // namespace cllm
