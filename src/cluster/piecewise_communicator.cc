#include "cluster/piecewise_communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace cllm {
PiecewiseCommunicator::PiecewiseCommunicator(std::unique_ptr<Wire> wire)
    : wire_(std::move(wire)), streams_(wire_->rank().count * kChannels * 2) {
  CHECK(wire_->piece_bytes() > kSizeBytes);
}

Communicator::Ticket PiecewiseCommunicator::Send(size_t to, Channel channel, std::span<const std::byte> bytes) {
  return Begin(to, channel, false, const_cast<std::byte*>(bytes.data()), bytes.size());
}

Communicator::Ticket PiecewiseCommunicator::Receive(size_t from, Channel channel, std::span<std::byte> bytes) {
  return Begin(from, channel, true, bytes.data(), bytes.size());
}

Communicator::Ticket PiecewiseCommunicator::Begin(size_t peer, Channel channel, bool incoming, std::byte* data,
                                                  size_t bytes) {
  CHECK(peer < rank().count && peer != rank().index);
  if (free_.empty()) {
    free_.push_back(static_cast<Ticket>(messages_.size()));
    messages_.emplace_back();
  }
  const Ticket ticket = free_.back();
  free_.pop_back();
  const size_t stream = (peer * kChannels + static_cast<size_t>(channel)) * 2 + (incoming ? 1 : 0);
  Message& message = messages_[ticket];
  std::vector<std::byte> first = std::move(message.first);  // its memory serves again
  message = {};
  message.peer = peer;
  message.stream = stream;
  message.incoming = incoming;
  message.taken = false;
  message.data = data;
  message.room = bytes;
  message.first = std::move(first);
  if (!incoming) {
    message.size = bytes;
    message.sized = true;
  }
  streams_[stream].waiting.push_back(ticket);
  if (!std::exchange(streams_[stream].to_feed, true)) to_feed_.push_back(stream);
  if (lost_.ok()) Feed(stream);
  return ticket;
}

// Begins pieces of a stream, as many as may be on their way. An incoming message must have been sized before more
// than its first piece can begin, and all its pieces begin before the next message's, or they would get that one's.
bool PiecewiseCommunicator::Feed(size_t number) {
  bool begun = false;
  Stream& stream = streams_[number];
  while (!stream.waiting.empty()) {
    const Ticket ticket = stream.waiting.front();
    const Message& message = messages_[ticket];
    if (message.sized && message.begun && message.begun_bytes == message.size) {
      stream.waiting.pop_front();
      continue;
    }
    if (stream.on_way == kPiecesAtOnce || (message.begun && !message.sized)) break;
    message.begun ? BeginNext(ticket) : BeginFirst(ticket);
    begun = true;
  }
  return begun;
}

void PiecewiseCommunicator::BeginFirst(Ticket ticket) {
  Message& message = messages_[ticket];
  message.begun = true;
  if (message.incoming) {
    // A whole piece, whatever is expected: a message that is too long is told as such, by its size.
    message.first.resize(wire_->piece_bytes());
    Watch(wire_->Receive(message.peer, channel(message), message.first.data(), message.first.size()),
          {ticket, true, 0});
    return;
  }
  const size_t own = std::min(message.size, own_bytes());
  message.first.resize(kSizeBytes + own);
  const uint64_t size = message.size;
  std::memcpy(message.first.data(), &size, kSizeBytes);
  if (own > 0) std::memcpy(message.first.data() + kSizeBytes, message.data, own);
  message.begun_bytes = own;
  Watch(wire_->Send(message.peer, channel(message), message.first.data(), message.first.size()), {ticket, true, own});
}

void PiecewiseCommunicator::BeginNext(Ticket ticket) {
  Message& message = messages_[ticket];
  const size_t own = std::min(message.size - message.begun_bytes, own_bytes());
  std::byte* const at = message.data + message.begun_bytes;
  message.begun_bytes += own;
  const Wire::Slot slot = message.incoming ? wire_->Receive(message.peer, channel(message), at, own)
                                           : wire_->Send(message.peer, channel(message), at, own);
  Watch(slot, {ticket, false, own});
}

void PiecewiseCommunicator::Watch(Wire::Slot slot, Piece piece) {
  if (slot >= pieces_.size()) pieces_.resize(slot + 1);
  pieces_[slot] = piece;
  ++streams_[messages_[piece.ticket].stream].on_way;
}

Result<bool> PiecewiseCommunicator::Progress() {
  CLLM_TRY(lost_);
  over_.clear();
  lost_ = wire_->Poll(&over_);
  for (const Wire::Over& piece : over_) {
    if (lost_.ok()) lost_ = Finish(piece);
  }
  CLLM_TRY(lost_);
  bool moved = !over_.empty();
  for (size_t i = 0; i < to_feed_.size();) {
    const size_t stream = to_feed_[i];
    if (Feed(stream)) moved = true;
    if (streams_[stream].waiting.empty()) {
      streams_[stream].to_feed = false;
      to_feed_[i] = to_feed_.back();
      to_feed_.pop_back();
    } else {
      ++i;
    }
  }
  return moved;
}

Status PiecewiseCommunicator::Finish(const Wire::Over& over) {
  Piece piece = pieces_[over.slot];
  Message& message = messages_[piece.ticket];
  --streams_[message.stream].on_way;
  if (message.incoming && piece.first) {
    CLLM_TRY(ReadSize(message, over.bytes));
    piece.bytes = over.bytes - kSizeBytes;
    message.begun_bytes = piece.bytes;
    if (piece.bytes > 0) std::memcpy(message.data, message.first.data() + kSizeBytes, piece.bytes);
  } else if (message.incoming && over.bytes != piece.bytes) {
    return Failed(fmt::format("a message of rank {} is damaged: a piece has {} bytes, expected {}", message.peer,
                              over.bytes, piece.bytes));
  }
  if (piece.first) message.first_over = true;
  message.over_bytes += piece.bytes;
  (message.incoming ? bytes_received_ : bytes_sent_) += piece.bytes;
  return {};
}

Status PiecewiseCommunicator::ReadSize(Message& message, size_t bytes) {
  uint64_t size = 0;
  if (bytes >= kSizeBytes) std::memcpy(&size, message.first.data(), kSizeBytes);
  const uint64_t own = std::min<uint64_t>(size, own_bytes());
  if (bytes < kSizeBytes || bytes - kSizeBytes != own) {
    return Failed(fmt::format("a message of rank {} is damaged: its first piece has {} bytes", message.peer, bytes));
  }
  if (size > message.room) {
    return Failed(
        fmt::format("a message of rank {} has {} bytes, expected {} at most: do all ranks run the same program?",
                    message.peer, size, message.room));
  }
  message.size = size;
  message.sized = true;
  return {};
}

bool PiecewiseCommunicator::Take(Ticket ticket, size_t* received) {
  Message& message = messages_[ticket];
  CHECK(!message.taken);
  if (!over(message)) return false;
  if (received != nullptr) *received = message.size;
  message.taken = true;
  free_.push_back(ticket);
  return true;
}

Communicator::Way PiecewiseCommunicator::way(Ticket ticket) const {
  CHECK(!messages_[ticket].taken);
  return {.peer = messages_[ticket].peer, .incoming = messages_[ticket].incoming};
}

void PiecewiseCommunicator::Abort(int code) {
  wire_->Abort(code);
  std::abort();  // the compiler does not believe a virtual function that it never returns
}

}  // namespace cllm
