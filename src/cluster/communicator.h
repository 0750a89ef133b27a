#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"

namespace cllm {

// One of the processes that train a model together.
struct Rank {
  size_t index = 0, count = 1;

  bool first() const { return index == 0; }
  bool alone() const { return count == 1; }
};

// Point-to-point messages between the ranks of a training: all that the cluster needs of MPI, sockets or threads.
// Nothing blocks: what was begun moves in Progress, and who waits sleeps in between (Await in cluster/await.h), because
// a blocked library call burns the core that a worker needs.
// Messages between two ranks on one channel arrive in the order in which they were sent.
// Thread-compatible: Node Zero alone calls it.
class Communicator {
 public:
  // A message on its way. Its memory stays the caller's, untouched, until it is done.
  using Ticket = uint32_t;
  // Told apart by what they carry, so that a late message of one kind is never taken for another.
  enum class Channel : int { kHandshake, kOrders, kGradient, kWeights, kState, kCorpus };
  static constexpr size_t kChannels = 6;

  virtual ~Communicator() = default;

  virtual Rank rank() const = 0;
  virtual std::string name() const = 0;  // of the transport, for people: "Open MPI 4.1.4"
  virtual std::string host(size_t rank) const = 0;  // the machine on which that rank runs
  virtual Ticket Send(size_t to, Channel channel, std::span<const std::byte> bytes) = 0;
  // Takes a message of at most bytes.size().
  virtual Ticket Receive(size_t from, Channel channel, std::span<std::byte> bytes) = 0;
  // Moves what can be moved; whether anything was. Error: a peer or the transport is lost.
  virtual Result<bool> Progress() = 0;
  // Whether it is over, after which the ticket is free and means nothing; for a receipt, *received is its size in
  // bytes.
  virtual bool Take(Ticket ticket, size_t* received = nullptr) = 0;
  // The other end of a message that is not yet taken.
  struct Way {
    size_t peer;
    bool incoming;
  };
  virtual Way way(Ticket ticket) const = 0;
  // Ends all ranks at once, with this exit code; does not return, whatever the transport does.
  [[noreturn]] virtual void Abort(int code) = 0;

  // Payload bytes since the start, of the pieces that are over.
  virtual uint64_t bytes_sent() const = 0;
  virtual uint64_t bytes_received() const = 0;
};

}  // namespace cllm
