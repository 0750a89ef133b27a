#include "cluster/pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "cluster/await.h"

namespace cllm {
namespace {

// Pieces of a stream on their way at once: fewer where there are many streams, which keep the network busy by
// themselves.
size_t InFlight(size_t streams) { return std::clamp<size_t>(16 / std::max<size_t>(1, streams), 2, 8); }

// A piece on its way out.
struct Sending {
  std::vector<std::byte> bytes;
  std::vector<Communicator::Ticket> tickets;  // not done yet
};

// One stream out.
class Sender {
 public:
  Sender(Communicator& ranks, const PiecesOut& stream, const PiecesOptions& options, size_t in_flight)
      : ranks_(ranks), stream_(stream), options_(options), slots_(std::min(in_flight, stream.pieces)) {
    for (Sending& slot : slots_) slot.bytes.resize(options.largest);
  }

  // Whether anything moved: at most one piece begins, so that no stream waits for another one's filling.
  bool Move() {
    bool moved = false, begun = false;
    for (Sending& slot : slots_) {
      const size_t before = slot.tickets.size();
      std::erase_if(slot.tickets, [&](Communicator::Ticket ticket) { return ranks_.Take(ticket); });
      moved |= slot.tickets.size() != before;
      if (!slot.tickets.empty() || begun || next_ == stream_.pieces) continue;
      const size_t bytes = stream_.fill(next_++, slot.bytes);
      for (const size_t to : stream_.to) {
        slot.tickets.push_back(ranks_.Send(to, options_.channel, std::span(slot.bytes).first(bytes)));
      }
      begun = moved = true;
    }
    return moved;
  }
  void AddOpen(std::vector<Communicator::Ticket>& open) const {
    for (const Sending& slot : slots_) open.insert(open.end(), slot.tickets.begin(), slot.tickets.end());
  }

 private:
  Communicator& ranks_;
  const PiecesOut& stream_;
  const PiecesOptions& options_;
  std::vector<Sending> slots_;
  size_t next_ = 0;
};

// One stream in: receipts are begun ahead and taken in their order.
class Receiver {
 public:
  Receiver(Communicator& ranks, const PiecesIn& stream, const PiecesOptions& options, size_t in_flight)
      : ranks_(ranks), stream_(stream), options_(options) {
    for (size_t i = 0; i < std::min(in_flight, stream.pieces); ++i) {
      slots_.emplace_back(options.largest);
      tickets_.push_back(ranks_.Receive(stream_.from, options_.channel, slots_.back()));
    }
  }

  Result<bool> Move() {
    if (done()) return false;
    const size_t slot = next_ % slots_.size();
    size_t received = 0;
    if (!ranks_.Take(tickets_[slot], &received)) return false;
    CLLM_TRY(stream_.take(next_, std::span<const std::byte>(slots_[slot]).first(received)));
    if (next_ + slots_.size() < stream_.pieces) {
      tickets_[slot] = ranks_.Receive(stream_.from, options_.channel, slots_[slot]);
    }
    ++next_;
    return true;
  }
  bool done() const { return next_ == stream_.pieces; }
  void AddOpen(std::vector<Communicator::Ticket>& open) const {
    if (!done()) open.push_back(tickets_[next_ % slots_.size()]);
  }

 private:
  Communicator& ranks_;
  const PiecesIn& stream_;
  const PiecesOptions& options_;
  std::vector<std::vector<std::byte>> slots_;
  std::vector<Communicator::Ticket> tickets_;
  size_t next_ = 0;
};

}  // namespace

Status MovePieces(Communicator& ranks, std::span<const PiecesOut> out, std::span<const PiecesIn> in,
                  const PiecesOptions& options) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (const PiecesIn& stream : in) {
    receivers.push_back(std::make_unique<Receiver>(ranks, stream, options, InFlight(in.size())));
  }
  std::vector<std::unique_ptr<Sender>> senders;
  for (const PiecesOut& stream : out) {
    senders.push_back(std::make_unique<Sender>(ranks, stream, options, InFlight(out.size())));
  }
  Patience patience(ranks, options.patience_s);
  std::vector<Communicator::Ticket> open;
  while (true) {
    bool moved = false;
    for (const auto& sender : senders) moved |= sender->Move();
    for (const auto& receiver : receivers) {
      CLLM_ASSIGN(const bool taken, receiver->Move());
      moved |= taken;
    }
    if (moved) continue;
    open.clear();
    for (const auto& receiver : receivers) receiver->AddOpen(open);
    for (const auto& sender : senders) sender->AddOpen(open);
    if (open.empty()) return {};  // a stream that is not done has something on its way
    CLLM_TRY(patience.Turn(open, options.what));
  }
}

Status Broadcast(Communicator& ranks, size_t from, std::span<std::byte> bytes, const PiecesOptions& options) {
  const size_t pieces = (bytes.size() + options.largest - 1) / options.largest;
  const auto piece_of = [&](size_t piece) {
    const size_t begin = piece * options.largest;
    return bytes.subspan(begin, std::min(options.largest, bytes.size() - begin));
  };
  const Rank rank = ranks.rank();
  if (rank.index == from) {
    PiecesOut out{.to = {}, .pieces = pieces, .fill = [&](size_t piece, std::span<std::byte> buffer) {
                    const auto part = piece_of(piece);
                    std::memcpy(buffer.data(), part.data(), part.size());
                    return part.size();
                  }};
    for (size_t i = 1; i < rank.count; ++i) out.to.push_back((from + i) % rank.count);
    return MovePieces(ranks, {&out, 1}, {}, options);
  }
  const PiecesIn in{.from = from,
                    .pieces = pieces,
                    .take = [&](size_t piece, std::span<const std::byte> got) -> Status {
                      const auto part = piece_of(piece);
                      if (got.size() != part.size()) {
                        return Failed(fmt::format("rank {} sent {} bytes of {}, expected {}", from, got.size(),
                                                  options.what, part.size()));
                      }
                      std::memcpy(part.data(), got.data(), part.size());
                      return {};
                    }};
  return MovePieces(ranks, {}, {&in, 1}, options);
}

}  // namespace cllm
