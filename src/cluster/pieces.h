#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// A stream of pieces, each a message, from this rank to some others. A plain value.
struct PiecesOut {
  std::vector<size_t> to;
  size_t pieces = 0;
  // Writes a piece into `buffer` and returns its size. Called once for each, in order.
  std::function<size_t(size_t piece, std::span<std::byte> buffer)> fill;
};

// One from another rank.
struct PiecesIn {
  size_t from = 0;
  size_t pieces = 0;
  // Takes a piece. Called once for each, in order. Error: it is not what it should be.
  std::function<Status(size_t piece, std::span<const std::byte> bytes)> take;
};

struct PiecesOptions {
  Communicator::Channel channel;
  size_t largest;     // bytes of a piece
  double patience_s;  // without anything moving
  const char* what;   // the pieces are, for messages: "gradients"
};

// Moves all pieces, out and in at once, several of each stream in flight, sleeping whenever nothing moves. Error: as
// Patience::Turn, or a piece was refused; then messages may still be on their way, and the ranks can only end.
Status MovePieces(Communicator& ranks, std::span<const PiecesOut> out, std::span<const PiecesIn> in,
                  const PiecesOptions& options);

// The bytes of one rank to all others, which have as much room.
Status Broadcast(Communicator& ranks, size_t from, std::span<std::byte> bytes, const PiecesOptions& options);

}  // namespace cllm
