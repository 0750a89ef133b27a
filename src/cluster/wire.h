#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// What carries pieces of messages between ranks: MPI, or the threads of a test. Pieces between two ranks on one channel
// arrive in the order in which they were sent. Nothing blocks. Thread-compatible: Node Zero alone calls it.
class Wire {
 public:
  // Names a piece on its way, until Poll has told that it is over.
  using Slot = uint32_t;
  struct Over {
    Slot slot;
    size_t bytes;  // that went or came
  };

  virtual ~Wire() = default;

  virtual Rank rank() const = 0;
  virtual std::string name() const = 0;
  virtual std::string host(size_t rank) const = 0;
  virtual size_t piece_bytes() const = 0;  // of the largest piece

  // The memory stays the caller's, untouched, until the piece is over. An error is told by the next Poll.
  virtual Slot Send(size_t to, Communicator::Channel channel, const std::byte* piece, size_t bytes) = 0;
  virtual Slot Receive(size_t from, Communicator::Channel channel, std::byte* piece, size_t room) = 0;
  // Appends the pieces that are over. Error: a peer or the transport is lost.
  virtual Status Poll(std::vector<Over>* over) = 0;
  // As Communicator::Abort.
  [[noreturn]] virtual void Abort(int code) = 0;
};

}  // namespace cllm
