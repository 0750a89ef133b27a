#include "cluster/mpi/mpi_wire.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

// Ends the process with `code` unless it is destroyed in time: for calls of a library that may never return.
class EndAfter {
 public:
  EndAfter(double seconds, int code)
      : thread_([seconds, code](std::stop_token stop) {
          std::mutex mutex;
          std::condition_variable_any stopped;
          std::unique_lock lock(mutex);
          stopped.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
          if (!stop.stop_requested()) _exit(code);
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace

Result<MpiWire> MpiWire::Start(const CllmMpiTable& table, double end_seconds) {
  const char* error = "";
  CllmMpiSession* const session = table.start(&error);
  if (session == nullptr) return Failed(fmt::format("MPI cannot be started: {}", error));
  return MpiWire(table, session, end_seconds);
}

MpiWire::MpiWire(const CllmMpiTable& table, CllmMpiSession* session, double end_seconds)
    : table_(&table),
      session_(session),
      end_seconds_(end_seconds),
      rank_{.index = static_cast<size_t>(table.rank(session)), .count = static_cast<size_t>(table.count(session))} {}

MpiWire::MpiWire(MpiWire&& other) noexcept
    : table_(other.table_),
      session_(std::exchange(other.session_, nullptr)),
      end_seconds_(other.end_seconds_),
      rank_(other.rank_) {}

MpiWire::~MpiWire() {
  if (session_ == nullptr) return;
  const EndAfter limit(end_seconds_, EXIT_FAILURE);
  table_->finish(session_);
}

Wire::Slot MpiWire::Send(size_t to, Communicator::Channel channel, const std::byte* piece, size_t bytes) {
  CHECK(bytes <= kPieceBytes);
  const int number =
      table_->send(session_, static_cast<int>(to), static_cast<int>(channel), piece, static_cast<int>(bytes));
  return Remember(number, bytes);
}

Wire::Slot MpiWire::Receive(size_t from, Communicator::Channel channel, std::byte* piece, size_t room) {
  CHECK(room <= kPieceBytes);
  const int number =
      table_->receive(session_, static_cast<int>(from), static_cast<int>(channel), piece, static_cast<int>(room));
  return Remember(number, 0);
}

Wire::Slot MpiWire::Remember(int number, size_t bytes) {
  const size_t slot = static_cast<size_t>(number);
  if (slot >= sent_bytes_.size()) sent_bytes_.resize(slot + 1);
  sent_bytes_[slot] = bytes;
  return static_cast<Slot>(slot);
}

Status MpiWire::Poll(std::vector<Over>* over) {
  over_.resize(sent_bytes_.size());
  over_bytes_.resize(sent_bytes_.size());
  const int count = table_->poll(session_, over_.data(), over_bytes_.data(), static_cast<int>(over_.size()));
  if (count < 0) return Failed(fmt::format("a rank or the network is lost: {}", table_->error(session_)));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const size_t slot = static_cast<size_t>(over_[i]);
    // Of a piece that was sent MPI tells no size.
    over->push_back({static_cast<Slot>(slot), sent_bytes_[slot] + static_cast<size_t>(over_bytes_[i])});
  }
  return {};
}

void MpiWire::Abort(int code) {
  // Not joined: the thread is to end the process if all else does not.
  std::thread([code, seconds = end_seconds_] {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    _exit(code);
  }).detach();
  table_->abort(session_, code);
  _exit(code);
}

}  // namespace cllm
