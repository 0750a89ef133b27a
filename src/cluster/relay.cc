#include "cluster/relay.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "cluster/await.h"

namespace cllm {
namespace {

constexpr auto kRelaying = Communicator::Channel::kCorpus;
constexpr size_t kRelayedBytes = 1 << 20;
constexpr size_t kRelaySlots = 4;
constexpr const char* kRelayed = "the text";

struct Trailer {
  Hash128 hash;
  uint64_t read = 0;  // whether rank 0 could read it all
};

// One rank's part. Piece i lies in slot i % kRelaySlots: it comes from the parent, goes to the children, and its slot
// serves for piece i + kRelaySlots when they have it.
class Relaying {
 public:
  Relaying(Communicator& ranks, const RelayEnds& ends, double patience_s)
      : ranks_(ranks), ends_(ends), patience_s_(patience_s), me_(ranks.rank()) {
    for (size_t child = 2 * me_.index + 1; child <= 2 * me_.index + 2 && child < me_.count; ++child) {
      children_.push_back(child);
    }
  }

  Result<Hash128> Run() {
    uint64_t size = ends_.size;
    CLLM_TRY(Pass(std::as_writable_bytes(std::span(&size, 1))));
    size_ = size;
    pieces_ = static_cast<size_t>((size_ + kRelayedBytes - 1) / kRelayedBytes);
    if (!me_.first()) Note(ends_.begin(size_));
    for (size_t i = 0; i < std::min(kRelaySlots, pieces_); ++i) Expect(i);
    for (size_t i = 0; i < pieces_; ++i) CLLM_TRY(Move(i));
    for (Slot& slot : slots_) CLLM_TRY(Sent(slot));
    Trailer trailer{.hash = hasher_.Digest(), .read = failed_.ok() ? 1u : 0u};
    CLLM_TRY(Pass(std::as_writable_bytes(std::span(&trailer, 1))));
    CLLM_TRY(failed_);
    if (trailer.read == 0) return Failed("rank 0 could not read all of the text that it was to send");
    if (trailer.hash != hasher_.Digest()) return Failed("the text that rank 0 sent came damaged: its hash is another");
    return trailer.hash;
  }

 private:
  struct Slot {
    std::vector<std::byte> bytes;
    Communicator::Ticket awaited = 0;
    std::vector<Communicator::Ticket> sent;
  };

  // Few bytes from the parent to this rank and to its children.
  Status Pass(std::span<std::byte> bytes) {
    if (!me_.first()) {
      const Communicator::Ticket ticket = ranks_.Receive(parent(), kRelaying, bytes);
      CLLM_TRY(Await(ranks_, {&ticket, 1}, patience_s_, kRelayed));
    }
    std::vector<Communicator::Ticket> tickets;
    for (const size_t child : children_) tickets.push_back(ranks_.Send(child, kRelaying, bytes));
    return Await(ranks_, tickets, patience_s_, kRelayed);
  }

  std::span<std::byte> Place(size_t piece) {
    std::vector<std::byte>& bytes = slots_[piece % kRelaySlots].bytes;
    if (bytes.empty()) bytes.resize(kRelayedBytes);
    return std::span(bytes).first(std::min<uint64_t>(kRelayedBytes, size_ - uint64_t{piece} * kRelayedBytes));
  }

  void Expect(size_t piece) {
    if (!me_.first()) slots_[piece % kRelaySlots].awaited = ranks_.Receive(parent(), kRelaying, Place(piece));
  }

  Status Sent(Slot& slot) {
    CLLM_TRY(Await(ranks_, slot.sent, patience_s_, kRelayed));
    slot.sent.clear();
    return {};
  }

  Status Move(size_t piece) {
    // The slot of two pieces ago has been on its way for a while; it takes the piece after the next.
    constexpr size_t kBehind = kRelaySlots / 2;
    if (piece >= kBehind) {
      CLLM_TRY(Sent(slots_[(piece - kBehind) % kRelaySlots]));
      if (const size_t next = piece - kBehind + kRelaySlots; next < pieces_) Expect(next);
    }
    const std::span<std::byte> bytes = Place(piece);
    Slot& slot = slots_[piece % kRelaySlots];
    if (me_.first()) {
      if (failed_.ok()) Note(ends_.read(bytes));
    } else {
      CLLM_TRY(Await(ranks_, {&slot.awaited, 1}, patience_s_, kRelayed));
    }
    for (const size_t child : children_) slot.sent.push_back(ranks_.Send(child, kRelaying, bytes));
    hasher_.Update(bytes);
    if (!me_.first() && failed_.ok()) Note(ends_.write(bytes));
    return {};
  }

  size_t parent() const { return (me_.index - 1) / 2; }
  void Note(Status status) {
    if (failed_.ok()) failed_ = std::move(status);
  }

  Communicator& ranks_;
  const RelayEnds& ends_;
  const double patience_s_;
  const Rank me_;
  std::vector<size_t> children_;
  std::array<Slot, kRelaySlots> slots_;
  uint64_t size_ = 0;
  size_t pieces_ = 0;
  Hasher hasher_;
  Status failed_;
};

}  // namespace

Result<Hash128> Relay(Communicator& ranks, const RelayEnds& ends, double patience_s) {
  return Relaying(ranks, ends, patience_s).Run();
}

}  // namespace cllm
