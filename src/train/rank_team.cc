#include "train/rank_team.h"

#include <algorithm>
#include <cstring>

#include "cluster/pieces.h"

namespace cllm {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;  // bytes
constexpr const char* kOrders = "what was agreed on";
constexpr size_t kMostText = size_t{1} << 30;

}  // namespace

StatusRecord::StatusRecord(const Status& status)
    : code(static_cast<int32_t>(status.code())),
      length(static_cast<uint32_t>(std::min(status.message().size(), kRoom))) {
  status.message().copy(text.data(), length);
}

Status StatusRecord::Read() const {
  const Code known = static_cast<Code>(code);
  if (known == Code::kOk) return {};
  return {known, std::string(text.data(), std::min<size_t>(length, kRoom))};
}

Status RankTeam::Keep(Status status) {
  if (!status.ok() && lost_.ok()) lost_ = status;
  return status;
}

Status RankTeam::GatherBytes(std::span<const std::byte> mine, std::span<std::byte> all) {
  if (alone()) return {};
  CLLM_TRY(lost_);
  const Rank me = rank();
  PiecesOut out{.to = {}, .pieces = 1, .fill = [&](size_t, std::span<std::byte> buffer) {
                  std::memcpy(buffer.data(), mine.data(), mine.size());
                  return mine.size();
                }};
  std::vector<PiecesIn> in;
  for (size_t i = 1; i < me.count; ++i) {
    out.to.push_back((me.index + i) % me.count);
    const size_t from = (me.index + me.count - i) % me.count;
    in.push_back(
        {.from = from, .pieces = 1, .take = [all, from, size = mine.size()](size_t, std::span<const std::byte> got) {
           if (got.size() != size) return Failed("ranks of different programs");
           std::memcpy(all.data() + from * size, got.data(), size);
           return Status();
         }});
  }
  return Keep(MovePieces(*ranks_, {&out, 1}, in,
                         {.channel = Communicator::Channel::kOrders, .largest = std::max<size_t>(1, mine.size()),
                          .patience_s = patience_s(), .what = kOrders}));
}

Status RankTeam::ShareBytes(std::span<std::byte> bytes) {
  if (alone() || bytes.empty()) return {};
  CLLM_TRY(lost_);
  return Keep(Broadcast(*ranks_, 0, bytes,
                        {.channel = Communicator::Channel::kOrders, .largest = std::min(kPieceBytes, bytes.size()),
                         .patience_s = patience_s(), .what = kOrders}));
}

Status RankTeam::ShareText(std::string& text) {
  uint64_t size = text.size();
  CLLM_TRY(Share(size));
  if (size > kMostText) return Failed("a rank sent a text that is too long");
  text.resize(size);
  return ShareBytes(std::as_writable_bytes(std::span(text)));
}

Status RankTeam::Agree(const Status& mine) {
  if (alone()) return mine;
  CLLM_ASSIGN(const std::vector<StatusRecord> all, Gather(StatusRecord(mine)));
  for (const StatusRecord& one : all) CLLM_TRY(one.Read());
  return {};
}

Status RankTeam::FirstSays(Status status) {
  if (alone()) return status;
  StatusRecord record(status);
  CLLM_TRY(Share(record));
  return leads() ? status : record.Read();
}

Result<Requests> RankTeam::AgreeOn(const Requests& mine) {
  CLLM_ASSIGN(const std::vector<Requests> all, Gather(mine));
  Requests agreed = all.front();
  for (const Requests& one : all) {
    if (agreed.stop_signal == 0) agreed.stop_signal = one.stop_signal;
    agreed.save |= one.save;
    agreed.evaluate |= one.evaluate;
    agreed.sample |= one.sample;
  }
  return agreed;
}

Status RankTeam::Combine(EvaluationRound& round) {
  if (alone()) return round.status.Read();
  CLLM_ASSIGN(const std::vector<EvaluationRound> all, Gather(round));
  round = {.sums = {}, .next = all.front().next, .stopped = false, .status = {}};
  for (const EvaluationRound& one : all) {
    CLLM_TRY(one.status.Read());
    round.sums.Add(one.sums);
    round.stopped |= one.stopped;
  }
  return {};
}

Status RankTeam::SendTo(size_t to, std::span<const std::byte> bytes, Communicator::Channel channel) {
  CLLM_TRY(lost_);
  const PiecesOut out{.to = {to},
                      .pieces = (bytes.size() + kPieceBytes - 1) / kPieceBytes,
                      .fill = [bytes](size_t piece, std::span<std::byte> buffer) {
                        const auto part = bytes.subspan(piece * kPieceBytes,
                                                        std::min(kPieceBytes, bytes.size() - piece * kPieceBytes));
                        std::memcpy(buffer.data(), part.data(), part.size());
                        return part.size();
                      }};
  return Keep(MovePieces(*ranks_, {&out, 1}, {},
                         {.channel = channel, .largest = std::max<size_t>(1, std::min(kPieceBytes, bytes.size())),
                          .patience_s = patience_s(), .what = "the state"}));
}

Status RankTeam::ReceiveFrom(size_t from, std::span<std::byte> bytes, Communicator::Channel channel) {
  CLLM_TRY(lost_);
  const PiecesIn in{.from = from,
                    .pieces = (bytes.size() + kPieceBytes - 1) / kPieceBytes,
                    .take = [bytes](size_t piece, std::span<const std::byte> got) {
                      const auto part =
                          bytes.subspan(piece * kPieceBytes, std::min(kPieceBytes, bytes.size() - piece * kPieceBytes));
                      if (got.size() != part.size()) return Failed("a rank sent another part of a state than expected");
                      std::memcpy(part.data(), got.data(), part.size());
                      return Status();
                    }};
  return Keep(MovePieces(*ranks_, {}, {&in, 1},
                         {.channel = channel, .largest = std::max<size_t>(1, std::min(kPieceBytes, bytes.size())),
                          .patience_s = patience_s(), .what = "the state"}));
}

}  // namespace cllm
