#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "cluster/communicator.h"
#include "cluster/wire.h"

namespace cllm {

// Messages of any size over a wire that carries pieces, some of which are on their way at once. The first piece of a
// message begins with its size, 8 bytes; what follows goes from memory to memory, as many bytes a piece as in the
// first.
//
// 64 KiB with 8 on their way is what was fastest over MPI, shared memory and 1 Gbit/s alike: one piece takes twice as
// long (as do pieces of 256 KiB), and a library's reduction 20 times as long.
class PiecewiseCommunicator final : public Communicator {
 public:
  static constexpr size_t kPiecesAtOnce = 8;  // of one stream
  static constexpr size_t kSizeBytes = 8;     // of the size in a message's first piece

  // REQUIRES: wire->piece_bytes() > kSizeBytes.
  explicit PiecewiseCommunicator(std::unique_ptr<Wire> wire);

  Rank rank() const override { return wire_->rank(); }
  std::string name() const override { return wire_->name(); }
  std::string host(size_t rank) const override { return wire_->host(rank); }
  Ticket Send(size_t to, Channel channel, std::span<const std::byte> bytes) override;
  Ticket Receive(size_t from, Channel channel, std::span<std::byte> bytes) override;
  Result<bool> Progress() override;
  bool Take(Ticket ticket, size_t* received) override;
  Way way(Ticket ticket) const override;
  [[noreturn]] void Abort(int code) override;
  uint64_t bytes_sent() const override { return bytes_sent_; }
  uint64_t bytes_received() const override { return bytes_received_; }

 private:
  struct Message {
    size_t peer = 0, stream = 0;
    bool incoming = false, begun = false, sized = false, first_over = false, taken = true;
    std::byte* data = nullptr;  // of an outgoing message it is only read
    size_t room = 0;            // bytes at data
    size_t size = 0;            // bytes of the message, known when it is sized
    size_t begun_bytes = 0, over_bytes = 0;
    std::vector<std::byte> first;  // the first piece
  };
  // The messages between two ranks in one direction on one channel.
  struct Stream {
    std::deque<Ticket> waiting;  // pieces of them have yet to begin; oldest first
    size_t on_way = 0;           // pieces
    bool to_feed = false;        // is in to_feed_
  };
  // What is on its way in a slot of the wire.
  struct Piece {
    Ticket ticket = 0;
    bool first = false;
    size_t bytes = 0;  // of the message's own
  };

  Ticket Begin(size_t peer, Channel channel, bool incoming, std::byte* data, size_t bytes);
  bool Feed(size_t stream);
  void BeginFirst(Ticket ticket);
  void BeginNext(Ticket ticket);
  void Watch(Wire::Slot slot, Piece piece);
  Status Finish(const Wire::Over& over);
  Status ReadSize(Message& message, size_t bytes);
  size_t own_bytes() const { return wire_->piece_bytes() - kSizeBytes; }  // of a message, in a piece
  Channel channel(const Message& message) const { return static_cast<Channel>(message.stream / 2 % kChannels); }
  bool over(const Message& message) const { return message.first_over && message.over_bytes == message.size; }

  std::unique_ptr<Wire> wire_;
  std::deque<Message> messages_;  // by ticket
  std::vector<Ticket> free_;
  std::vector<Stream> streams_;
  std::vector<size_t> to_feed_;  // streams where messages wait
  std::vector<Piece> pieces_;    // by slot
  std::vector<Wire::Over> over_;
  Status lost_;
  uint64_t bytes_sent_ = 0, bytes_received_ = 0;
};

}  // namespace cllm
