#include "train/team_state.h"

#include <optional>

#include "base/check.h"

namespace cllm {
namespace {

constexpr Communicator::Channel kState = Communicator::Channel::kState;

}  // namespace

std::span<const float> TeamMoments::Own(const TensorInfo& info, Moment moment) const {
  return moment == Moment::kFirst ? optimizer_.first_of(info) : optimizer_.second_of(info);
}

MomentReader TeamMoments::Reader() {
  return [this](const TensorInfo& info, Moment moment) { return Read(info, moment); };
}

Result<std::span<const float>> TeamMoments::Read(const TensorInfo& info, Moment moment) {
  const size_t owner = owners_[info.index];
  if (owner == team_.rank().index) return Own(info, moment);
  const Wanted wanted{static_cast<uint32_t>(info.index), static_cast<uint32_t>(moment)};
  CLLM_TRY(team_.SendTo(owner, std::as_bytes(std::span(&wanted, 1)), kState));
  received_.resize(info.size());
  CLLM_TRY(team_.ReceiveFrom(owner, std::as_writable_bytes(std::span(received_)), kState));
  return std::span<const float>(received_);
}

Status TeamMoments::End() {
  const Wanted end{0, kEnd};
  for (size_t rank = 1; rank < team_.rank().count; ++rank) {
    CLLM_TRY(team_.SendTo(rank, std::as_bytes(std::span(&end, 1)), kState));
  }
  received_ = {};
  return {};
}

Status TeamMoments::Serve() {
  while (true) {
    Wanted wanted;
    CLLM_TRY(team_.ReceiveFrom(0, std::as_writable_bytes(std::span(&wanted, 1)), kState));
    if (wanted.moment == kEnd) return {};
    if (wanted.tensor >= layout_.tensors().size() || wanted.moment > kEnd) return Failed("a rank asked for no moment");
    const TensorInfo& info = layout_.tensors()[wanted.tensor];
    CLLM_TRY(team_.SendTo(0, std::as_bytes(Own(info, static_cast<Moment>(wanted.moment))), kState));
  }
}

Status ReadTeamMoments(const std::string& directory, const ParameterLayout& layout, const TensorOwners& owners,
                       RankTeam& team, Optimizer& optimizer) {
  std::optional<SafetensorsFile> file;
  CLLM_TRY(team.OnFirst([&]() -> Status {
    CLLM_ASSIGN(file, OpenMoments(directory));
    return {};
  }));
  std::vector<float> scratch;
  Status read;  // of the first: what it cannot read it sends as zeros, and tells at the end
  for (const TensorInfo& info : layout.tensors()) {
    const size_t owner = owners[info.index], me = team.rank().index;
    for (const Moment moment : {Moment::kFirst, Moment::kSecond}) {
      if (moment == Moment::kSecond && !optimizer.UsesAdamW(info)) continue;
      if (owner == me) scratch = {};
      std::span<float> place;
      if (owner == me) {
        place = moment == Moment::kFirst ? optimizer.first_of(info) : optimizer.second_of(info);
      } else if (team.leads()) {
        scratch.assign(info.size(), 0.0f);
        place = scratch;
      }
      if (team.leads()) {
        const Status one = ReadMoment(*file, info, moment, place);
        if (read.ok()) read = one;
        if (owner != me) CLLM_TRY(team.SendTo(owner, std::as_bytes(place), kState));
      } else if (owner == me) {
        CLLM_TRY(team.ReceiveFrom(0, std::as_writable_bytes(place), kState));
      }
    }
  }
  return team.FirstSays(read);
}

}  // namespace cllm
