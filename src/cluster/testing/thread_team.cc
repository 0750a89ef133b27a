#include "cluster/testing/thread_team.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "cluster/piecewise_communicator.h"

namespace cllm {
namespace {

// Ends the body of a rank.
struct Ended {};

struct Sent {
  const std::byte* data;
  size_t bytes;
  uint32_t looks_left;  // of the sender, before it arrives
  Wire::Slot slot;
};

struct Awaited {
  std::byte* data;
  size_t room;
  Wire::Slot slot;
};

// Pieces from one rank to another on one channel.
struct Lane {
  std::deque<Sent> sent;
  std::deque<std::vector<std::byte>> arrived;
  std::deque<Awaited> awaited;
};

struct Shared {
  explicit Shared(size_t ranks) : count(ranks) {}

  const size_t count;
  std::mutex mutex;  // of all below
  std::condition_variable changed;
  std::map<std::array<size_t, 3>, Lane> lanes;  // from, to, channel
  size_t ended = 0;
  std::optional<int> aborted;
};

class ThreadWire final : public Wire {
 public:
  ThreadWire(std::shared_ptr<Shared> shared, size_t index, TeamFaults faults)
      : shared_(std::move(shared)), index_(index), faults_(faults), random_(faults.seed * 1000003 + index + 1) {}

  Rank rank() const override { return {.index = index_, .count = shared_->count}; }
  std::string name() const override { return "threads of one process"; }
  std::string host(size_t rank) const override { return fmt::format("thread{}", rank); }
  size_t piece_bytes() const override { return faults_.piece_bytes; }

  Slot Send(size_t to, Communicator::Channel channel, const std::byte* piece, size_t bytes) override {
    CHECK(bytes <= faults_.piece_bytes);
    const std::lock_guard lock(shared_->mutex);
    const Slot slot = NewSlot();
    lane(index_, to, channel).sent.push_back({piece, bytes, Delay(), slot});
    return slot;
  }

  Slot Receive(size_t from, Communicator::Channel channel, std::byte* piece, size_t room) override {
    const std::lock_guard lock(shared_->mutex);
    const Slot slot = NewSlot();
    lane(from, index_, channel).awaited.push_back({piece, room, slot});
    return slot;
  }

  Status Poll(std::vector<Over>* over) override {
    std::unique_lock lock(shared_->mutex);
    if (faults_.silent_rank == index_ && begun_ >= faults_.silent_after) Stop(lock);
    if (shared_->aborted) throw Ended();
    for (auto& [key, pieces] : shared_->lanes) {
      if (key[0] == index_) Deliver(pieces, over);
      if (key[1] == index_) CLLM_TRY(Fetch(pieces, over));
    }
    return {};
  }

  [[noreturn]] void Abort(int code) override {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->aborted) shared_->aborted = code;
    shared_->changed.notify_all();
    throw Ended();
  }

 private:
  Lane& lane(size_t from, size_t to, Communicator::Channel channel) {
    return shared_->lanes[{from, to, static_cast<size_t>(channel)}];
  }

  Slot NewSlot() {
    ++begun_;
    if (free_.empty()) return next_slot_++;
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }

  uint32_t Delay() {
    random_ ^= random_ << 13;  // xorshift64
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint32_t>(random_ % (faults_.delay + 1));
  }

  void Stop(std::unique_lock<std::mutex>& lock) {
    shared_->changed.wait(lock, [this] { return shared_->aborted || shared_->ended + 1 >= shared_->count; });
    throw Ended();
  }

  void Deliver(Lane& lane, std::vector<Over>* over) {
    while (!lane.sent.empty()) {
      Sent& piece = lane.sent.front();
      if (piece.looks_left > 0) {
        --piece.looks_left;
        return;
      }
      lane.arrived.emplace_back(piece.data, piece.data + piece.bytes);
      over->push_back({piece.slot, piece.bytes});
      free_.push_back(piece.slot);
      lane.sent.pop_front();
    }
  }

  Status Fetch(Lane& lane, std::vector<Over>* over) {
    while (!lane.awaited.empty() && !lane.arrived.empty()) {
      const Awaited& place = lane.awaited.front();
      const std::vector<std::byte>& piece = lane.arrived.front();
      if (piece.size() > place.room) return Failed("a piece is longer than what was expected");
      if (!piece.empty()) std::memcpy(place.data, piece.data(), piece.size());
      over->push_back({place.slot, piece.size()});
      free_.push_back(place.slot);
      lane.awaited.pop_front();
      lane.arrived.pop_front();
    }
    return {};
  }

  const std::shared_ptr<Shared> shared_;
  const size_t index_;
  const TeamFaults faults_;
  uint64_t random_, begun_ = 0;
  Slot next_slot_ = 0;
  std::vector<Slot> free_;
};

}  // namespace

bool ThreadTeam::Outcome::all_ended() const {
  return !aborted && std::all_of(ended.begin(), ended.end(), [](char one) { return one != 0; });
}

ThreadTeam::Outcome ThreadTeam::Run(const std::function<void(Communicator&)>& body) const {
  const auto shared = std::make_shared<Shared>(ranks_);
  Outcome outcome;
  outcome.ended.resize(ranks_, 0);
  const auto run = [&](size_t index) {
    PiecewiseCommunicator ranks(std::make_unique<ThreadWire>(shared, index, faults_));
    try {
      body(ranks);
      outcome.ended[index] = 1;
    } catch (const Ended&) {
    }
    const std::lock_guard lock(shared->mutex);
    ++shared->ended;
    shared->changed.notify_all();
  };
  if (ranks_ == 1) {
    run(0);
  } else {
    std::vector<std::jthread> threads;
    for (size_t index = 0; index < ranks_; ++index) threads.emplace_back(run, index);
  }
  outcome.aborted = shared->aborted;
  return outcome;
}

}  // namespace cllm
