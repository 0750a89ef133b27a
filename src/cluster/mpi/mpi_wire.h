#pragma once

#include <vector>

#include "cluster/mpi/plugin_table.h"
#include "cluster/piecewise_communicator.h"
#include "cluster/wire.h"

namespace cllm {

// Pieces over MPI, through a plugin's table. Owns the session; ending it ends MPI, which a process can do once.
class MpiWire final : public Wire {
 public:
  // What was fastest: 8 MiB each way at 1 Gbit/s took 76 ms in such pieces, 109 in those of 256 KiB and 168 in one.
  static constexpr size_t kPieceBytes = (64 << 10) + PiecewiseCommunicator::kSizeBytes;
  // How long MPI_Abort or MPI_Finalize may take, which may wait for a peer that is gone.
  static constexpr double kEndSeconds = 5;

  // Error: MPI cannot be started.
  static Result<MpiWire> Start(const CllmMpiTable& table, double end_seconds = kEndSeconds);
  MpiWire(MpiWire&& other) noexcept;
  MpiWire& operator=(MpiWire&&) = delete;
  ~MpiWire() override;

  Rank rank() const override { return rank_; }
  std::string name() const override { return table_->version(session_); }
  std::string host(size_t rank) const override { return table_->host(session_, static_cast<int>(rank)); }
  size_t piece_bytes() const override { return kPieceBytes; }
  Slot Send(size_t to, Communicator::Channel channel, const std::byte* piece, size_t bytes) override;
  Slot Receive(size_t from, Communicator::Channel channel, std::byte* piece, size_t room) override;
  Status Poll(std::vector<Over>* over) override;
  // MPI_Abort; if it does not return or end the process in time, _exit.
  [[noreturn]] void Abort(int code) override;

 private:
  MpiWire(const CllmMpiTable& table, CllmMpiSession* session, double end_seconds);
  Slot Remember(int number, size_t bytes);

  const CllmMpiTable* table_;
  CllmMpiSession* session_;
  double end_seconds_;
  Rank rank_;
  std::vector<size_t> sent_bytes_;  // by slot
  std::vector<int> over_, over_bytes_;
};

}  // namespace cllm
