#pragma once

#include <span>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// Moves messages until all tickets are done, sleeping 0.1 to 1 ms whenever nothing moved. Error, which names what is
// awaited of which rank: nothing has moved for `patience_s` seconds, or the transport is lost.
Status Await(Communicator& ranks, std::span<const Communicator::Ticket> tickets, double patience_s,
             const char* what);

}  // namespace cllm
