#pragma once

#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "cluster/pieces.h"
#include "kernels/gemm/panels.h"
#include "train/exchange_packing.h"
#include "train/gradient_exchange.h"
#include "train/rank_team.h"
#include "train/tensor_owners.h"

namespace cllm {

// The exchange of several ranks. Cache domains are summed first; then every rank sends each other one the integers of
// the tensors that it owns, all at once, and adds what it receives. A chunk of the norm belongs to the owner of its
// first element, who gets the summed parts that others own; the squares go to all, so that all add them up in the same
// order. After the update each owner sends its tensors to all. Keeps references. Thread-compatible: Node Zero calls it
// between phases; Into is called by work.
class RankedExchange final : public GradientExchange {
 public:
  RankedExchange(const ParameterLayout& layout, const TensorOwners& owners, Precision precision, Spheres& spheres,
                 const PerLeaf<TrainingContext>& contexts, RankTeam& team);

  Rank rank() const override { return team_.rank(); }
  ExactAccumulator& Into(const Leaf& leaf) override { return local_.Into(leaf); }
  Result<double> Sum(const Status& items, LossSums& losses) override;
  std::span<int64_t> sum() override { return local_.sum(); }
  Status GatherWeights(Parameters& parameters) override;
  void TakeWeights(const Parameters& parameters) override;
  Status GatherMasters(Parameters& parameters) override;
  Result<Hash128> WeightsHash(const Parameters& parameters) override;
  ExchangeCosts costs() const override { return costs_; }
  void Clear() override { local_.Clear(); }

  // Bytes beside those of a LocalExchange, of the rank that owns most.
  static size_t Bytes(const ParameterLayout& layout, const TensorOwners& owners, size_t ranks);

 private:
  // What one message holds: parts of tensors.
  struct WeightPart : Part {
    bool rounded = false;  // all that others read of it is bf16
  };
  using Piece = std::vector<WeightPart>;
  using Pieces = std::vector<Piece>;

  void CutTensors(const TensorOwners& owners);
  void CutChunks(const TensorOwners& owners);
  bool IsRounded(const TensorInfo& info) const;
  Status AgreeOnItems(const Status& items, LossSums& losses);
  Status ReduceScatter();
  Status CompleteChunks();
  Status GatherSquares();
  // The streams to all others and from them, each other rank one after this in turn.
  template <typename MakeOut, typename MakeIn>
  Status WithOthers(Communicator::Channel channel, const char* what, const MakeOut& out, const MakeIn& in);
  // This rank's streams of messages that all others get alike.
  Status ToAll(const PiecesOut& out, const std::vector<PiecesIn>& in, Communicator::Channel channel, const char* what);
  PiecesOptions Options(Communicator::Channel channel, const char* what) const;

  const ParameterLayout& layout_;
  const Precision precision_;
  Spheres& spheres_;
  RankTeam& team_;
  LocalExchange local_;
  std::vector<Pieces> owned_;                // by rank: its tensors
  std::vector<std::vector<Pieces>> across_;  // by owner of a tensor, then of a chunk: what the first sends the second
  std::vector<std::vector<size_t>> chunks_;  // by rank: those whose squares it sums
  AlignedBuffer<float> before_;              // the owned tensors as the others have them, one after the other
  std::vector<Hash128> hashes_;              // by tensor
  ExchangeCosts costs_;
};

}  // namespace cllm
