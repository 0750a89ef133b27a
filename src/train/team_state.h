#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"
#include "train/rank_team.h"
#include "train/run_state.h"

namespace cllm {

// The optimizer's moments of all ranks, for the one who writes a checkpoint: each stays with the owner of its tensor
// until it is written. All ranks have one at the same time: the first reads from it, the others serve it. Keeps
// references.
class TeamMoments {
 public:
  TeamMoments(RankTeam& team, const ParameterLayout& layout, const TensorOwners& owners, const Optimizer& optimizer)
      : team_(team), layout_(layout), owners_(owners), optimizer_(optimizer) {}

  // On the first: gives any moment, in any order; then the others are let go, whatever became of the file.
  MomentReader Reader();
  Status End();
  // On the others: gives what is asked for until the first lets go.
  Status Serve();

 private:
  // What the first wants of an owner.
  struct Wanted {
    uint32_t tensor = 0;
    uint32_t moment = 0;  // a Moment, or kEnd
  };
  static constexpr uint32_t kEnd = 2;

  Result<std::span<const float>> Read(const TensorInfo& info, Moment moment);
  std::span<const float> Own(const TensorInfo& info, Moment moment) const;

  RankTeam& team_;
  const ParameterLayout& layout_;
  const TensorOwners& owners_;
  const Optimizer& optimizer_;
  std::vector<float> received_;
};

// Reads the moments of a checkpoint, whose directory the first alone can see, into the optimizers of all ranks. Error,
// the same on all: as ReadMoments.
Status ReadTeamMoments(const std::string& directory, const ParameterLayout& layout, const TensorOwners& owners,
                       RankTeam& team, Optimizer& optimizer);

}  // namespace cllm
