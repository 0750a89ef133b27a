#include "app/launched_ranks.h"

#include <fmt/format.h>

#include <iostream>
#include <vector>

#include "app/arguments/command_line.h"
#include "app/arguments/flag_names.h"
#include "app/messages.h"
#include "base/system.h"
#include "cluster/await.h"
#include "cluster/connect.h"

namespace cllm {
namespace {

constexpr double kErrorAlike_s = 3;   // in which others that have the same error end, too
constexpr double kEndAlike_s = 3600;  // the first still writes samples

}  // namespace

void LaunchedRanks::AddOptions(CommandLine& line) {
  line.AddWhole("--peer-patience", patience_s_, 1, 86400,
                "of several ranks: seconds that one may be silent beyond what its work takes, before all end [60]");
}

Status LaunchedRanks::Connect() {
  CLLM_ASSIGN(launch_, ReadLaunch(EnvironmentVariable));
  CLLM_ASSIGN(ranks_, cllm::Connect(launch_, PluginDirectories()));
  if (ranks_ != nullptr) team_ = std::make_unique<RankTeam>(*ranks_, static_cast<double>(patience_s_));
  return {};
}

// Everyone tells everyone that it is done.
bool LaunchedRanks::OthersEnd(double patience_s) {
  const Rank rank = ranks_->rank();
  std::byte done{1};
  std::vector<std::byte> others(rank.count);
  std::vector<Communicator::Ticket> tickets;
  for (size_t other = 0; other < rank.count; ++other) {
    if (other == rank.index) continue;
    tickets.push_back(ranks_->Send(other, Communicator::Channel::kHandshake, {&done, 1}));
    tickets.push_back(ranks_->Receive(other, Communicator::Channel::kHandshake, {&others[other], 1}));
  }
  return Await(*ranks_, tickets, patience_s, "its end").ok();
}

Outcome LaunchedRanks::Run(const std::function<Outcome()>& lead, const std::function<Outcome()>& follow) {
  if (ranks_ == nullptr) return lead();
  Outcome outcome = team_->leads() ? lead() : follow();
  const bool failed = !outcome.status.ok();
  if (team_->lost().ok() && OthersEnd(failed ? kErrorAlike_s : kEndAlike_s)) {
    outcome.told = !team_->leads();
    return outcome;
  }
  const Rank rank = ranks_->rank();
  if (failed) {
    PrintMessage(fmt::format("cllm: rank {} on {}: {}", rank.index, ranks_->host(rank.index),
                             WithFlags(outcome.status.message())));
  }
  std::cout.flush();
  const Code code = failed ? outcome.status.code() : Code::kFailed;
  while (true) ranks_->Abort(ExitCode(code));  // it does not return
}

}  // namespace cllm
