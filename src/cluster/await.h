#pragma once

#include <span>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// How long to wait for other ranks: for as long as something moves, and then so many seconds. Time in which the caller
// does something else does not count. One worker only: Node Zero.
class Patience {
 public:
  Patience(Communicator& ranks, double seconds);

  // Moves messages; sleeps 0.1 to 1 ms if nothing moved. Error: the transport is lost, or the patience is over, which
  // names the rank of the first message of `open` that is not done and `what` is awaited ("the gradient"). REQUIRES:
  // those tickets are not taken.
  Status Turn(std::span<const Communicator::Ticket> open, const char* what);

 private:
  Communicator* ranks_;
  double seconds_, idle_s_ = 0, sleep_s_;
};

// Moves messages until all tickets are done and taken; received, if it is not empty, gets the size of each message.
// Error: as Patience::Turn.
Status Await(Communicator& ranks, std::span<const Communicator::Ticket> tickets, double patience_s, const char* what,
             std::span<size_t> received = {});

}  // namespace cllm
