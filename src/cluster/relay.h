#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// Where bytes come from on rank 0, and where they go to on the others.
struct RelayEnds {
  uint64_t size = 0;                                 // rank 0: of all
  std::function<Status(std::span<std::byte>)> read;  // rank 0: the next bytes, all of the span
  std::function<Status(uint64_t size)> begin;        // others: the size, before anything else
  std::function<Status(ByteView)> write;             // others: the next bytes
};

// Brings bytes of any number, such as a corpus, from rank 0 to all others. All call it. Each rank passes them on to
// two others while more come, so that no network card sends them more than twice; memory: 4 MiB. Their hash goes
// behind them. Returns it. Error: a read of rank 0 failed (all are told), one of our own begin or write did (the
// bytes are passed on all the same, and the others know nothing of it), the bytes came damaged; or as Await.
Result<Hash128> Relay(Communicator& ranks, const RelayEnds& ends, double patience_s);

}  // namespace cllm
