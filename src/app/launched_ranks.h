#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "app/command.h"
#include "cluster/communicator.h"
#include "cluster/launch.h"
#include "train/rank_team.h"

namespace cllm {

class CommandLine;

// The ranks that a launcher (mpirun, srun) started this process among, for a command that trains: on the first it is
// the command as ever, the others follow it and print nothing. Alone where there is no launcher. One at a time in a
// process.
class LaunchedRanks {
 public:
  // Adds the option for how long peers are waited for.
  void AddOptions(CommandLine& line);

  // Error (Usage): as Connect (cluster/connect.h).
  Status Connect();
  RankTeam& team() { return *team_; }
  const Launch& launch() const { return launch_; }

  // Does this rank's part, waits for the others to end theirs, and gives how the command ends here. An error that the
  // others do not have as well ends them all, with its exit code; then this does not return.
  Outcome Run(const std::function<Outcome()>& lead, const std::function<Outcome()>& follow);

 private:
  bool OthersEnd(double patience_s);

  uint64_t patience_s_ = static_cast<uint64_t>(RankTeam::kPatience_s);
  Launch launch_;
  std::unique_ptr<Communicator> ranks_;  // null: alone
  std::unique_ptr<RankTeam> team_ = std::make_unique<RankTeam>();
};

}  // namespace cllm
