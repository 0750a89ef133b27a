#include "cluster/await.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/system.h"

namespace cllm {
namespace {

constexpr double kShortestSleep = 1e-4, kLongestSleep = 1e-3;  // seconds
// A turn counts as so much at most: a process that was stopped for an hour itself does not blame the others for it.
constexpr double kLongestTurn = 0.1;

Status OutOfPatience(const Communicator& ranks, std::span<const Communicator::Ticket> open, double seconds,
                     const char* what) {
  CHECK(!open.empty());
  const Communicator::Way way = ranks.way(open[0]);
  return Failed(
      fmt::format("rank {} on {} {} nothing of {} for {:.3g} s: it has ended, is stopped or cannot be reached; "
                  "resume from the last checkpoint, on any number of ranks",
                  way.peer, ranks.host(way.peer), way.incoming ? "sent" : "took", what, seconds));
}

}  // namespace

Patience::Patience(Communicator& ranks, double seconds) : ranks_(&ranks), seconds_(seconds), sleep_s_(kShortestSleep) {}

Status Patience::Turn(std::span<const Communicator::Ticket> open, const char* what) {
  const double began = MonotonicSeconds();
  CLLM_ASSIGN(const bool moved, ranks_->Progress());
  if (moved) {
    idle_s_ = 0;
    sleep_s_ = kShortestSleep;
    return {};
  }
  if (idle_s_ >= seconds_) return OutOfPatience(*ranks_, open, seconds_, what);
  std::this_thread::sleep_for(std::chrono::duration<double>(sleep_s_));
  sleep_s_ = std::min(sleep_s_ * 1.25, kLongestSleep);
  idle_s_ += std::min(MonotonicSeconds() - began, kLongestTurn);
  return {};
}

Status Await(Communicator& ranks, std::span<const Communicator::Ticket> tickets, double patience_s, const char* what,
             std::span<size_t> received) {
  CHECK(received.empty() || received.size() == tickets.size());
  Patience patience(ranks, patience_s);
  std::vector<Communicator::Ticket> open(tickets.begin(), tickets.end());
  std::vector<size_t> place(open.size());
  for (size_t i = 0; i < place.size(); ++i) place[i] = i;
  while (true) {
    size_t left = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      if (ranks.Take(open[i], received.empty() ? nullptr : &received[place[i]])) continue;
      place[left] = place[i];
      open[left++] = open[i];
    }
    open.resize(left);
    if (open.empty()) return {};
    CLLM_TRY(patience.Turn(open, what));
  }
}

}  // namespace cllm
