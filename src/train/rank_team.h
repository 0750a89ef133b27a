#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/status.h"
#include "cluster/communicator.h"
#include "nn/loss.h"

namespace cllm {

// What is asked of a run, by signals, by commands and by the clock.
struct Requests {
  int32_t stop_signal = 0;  // 0: none
  bool save = false, save_late = false, evaluate = false, sample = false;
};

// A status as a message.
struct StatusRecord {
  int32_t code = 0;
  uint32_t length = 0;
  static constexpr size_t kRoom = 2040;
  std::array<char, kRoom> text{};

  StatusRecord() = default;
  explicit StatusRecord(const Status& status);
  Status Read() const;
};

// An evaluation that several ranks share, between two of its rounds.
struct EvaluationRound {
  LossSums sums;      // of the round
  uint64_t next = 0;  // windows of the next one
  bool stopped = false;
  StatusRecord status;
};

// The ranks that train together, as one. Each runs the same program over the same states; what depends on a clock, a
// signal, a command or a disk is decided by the first and holds on all, so that their states stay the same. One rank
// alone is a team, too, and nothing is sent.
//
// All ranks call the same functions in the same order. A peer that is lost stays lost: every call fails from then on.
// Thread-compatible: Node Zero calls it.
class RankTeam {
 public:
  static constexpr double kPatience_s = 60;

  RankTeam() = default;
  // `ranks` outlives this. patience_s: how long a peer may be silent beyond what the work takes.
  explicit RankTeam(Communicator& ranks, double patience_s = kPatience_s) : ranks_(&ranks), patience_s_(patience_s) {}
  RankTeam(const RankTeam&) = delete;
  RankTeam& operator=(const RankTeam&) = delete;

  Rank rank() const { return ranks_ == nullptr ? Rank() : ranks_->rank(); }
  bool alone() const { return rank().alone(); }
  bool leads() const { return rank().first(); }
  // REQUIRES: not alone.
  Communicator& ranks() const { return *ranks_; }

  // What comes next takes a rank about so long: the others wait for it several times as long, and the patience more.
  void Expect(double seconds) { expected_s_ = seconds; }
  double patience_s() const { return patience_s_ + kSlowestRank * expected_s_; }
  // The first alone works at something whose time nobody knows (a disk, a text): while this lives, others wait longer.
  class LongWait {
   public:
    explicit LongWait(RankTeam& team, double seconds = kDisk_s) : team_(team), before_(team.patience_s_) {
      team.patience_s_ += seconds;
    }
    ~LongWait() { team_.patience_s_ = before_; }
    LongWait(const LongWait&) = delete;
    LongWait& operator=(const LongWait&) = delete;

   private:
    RankTeam& team_;
    double before_;
  };

  // Everybody's record, by rank. Error: a peer is lost.
  template <typename T>
  Result<std::vector<T>> Gather(const T& mine) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<T> all(rank().count, mine);
    CLLM_TRY(GatherBytes(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all))));
    return all;
  }
  // The first's value on all.
  template <typename T>
  Status Share(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return ShareBytes(std::as_writable_bytes(std::span(&value, 1)));
  }
  Status ShareBytes(std::span<std::byte> bytes);
  Status ShareText(std::string& text);
  // The error of the lowest rank that has one, on all.
  Status Agree(const Status& mine);
  // Lets the first alone do something. The same outcome on all.
  template <typename Function>
  Status OnFirst(const Function& function) {
    return FirstSays(leads() ? function() : Status());
  }
  Status FirstSays(Status status);

  // What was asked of any rank, and of the clock on the first.
  Result<Requests> AgreeOn(const Requests& mine);
  // The sums over all ranks, the first's next round, and whether any is stopped. Error: the lowest rank's.
  Status Combine(EvaluationRound& round);

  // The bytes of one rank to another, both of which call it; others do not.
  Status SendTo(size_t to, std::span<const std::byte> bytes, Communicator::Channel channel);
  Status ReceiveFrom(size_t from, std::span<std::byte> bytes, Communicator::Channel channel);

  // Ok until a peer is lost; then what became of it.
  const Status& lost() const { return lost_; }
  // Keeps an error of an exchange that others made with ranks().
  Status Keep(Status status);

 private:
  static constexpr double kSlowestRank = 3;     // a rank may take so many times as long as another
  static constexpr double kDisk_s = 1800;

  Status GatherBytes(std::span<const std::byte> mine, std::span<std::byte> all);

  Communicator* ranks_ = nullptr;  // null: alone
  double patience_s_ = kPatience_s;
  double expected_s_ = 0;
  Status lost_;
};

}  // namespace cllm
