#include "train/ranked_exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/system.h"
#include "kernels/fixed_point.h"

namespace cllm {
namespace {

constexpr size_t kPieceElements =
    32768;  // elements of a message: large enough that a network's round trip does not count

size_t SizeOf(const auto& piece) {
  size_t size = 0;
  for (const auto& part : piece) size += part.size;
  return size;
}

// Appends a part, cut where a message is full.
template <typename Pieces, typename AnyPart>
void Append(Pieces& pieces, AnyPart part) {
  while (part.size != 0) {
    if (pieces.empty() || SizeOf(pieces.back()) == kPieceElements) pieces.emplace_back();
    const size_t n = std::min(part.size, kPieceElements - SizeOf(pieces.back()));
    AnyPart first = part;
    first.size = n;
    pieces.back().push_back(first);
    part.begin += n;
    part.size -= n;
  }
}

}  // namespace

RankedExchange::RankedExchange(const ParameterLayout& layout, const TensorOwners& owners, Precision precision,
                               Spheres& spheres, const PerLeaf<TrainingContext>& contexts, RankTeam& team)
    : layout_(layout),
      precision_(precision),
      spheres_(spheres),
      team_(team),
      local_(layout, spheres, contexts),
      owned_(rank().count),
      across_(rank().count, std::vector<Pieces>(rank().count)),
      chunks_(rank().count),
      hashes_(layout.tensors().size()) {
  CutTensors(owners);
  CutChunks(owners);
  size_t own = 0;
  for (const Piece& piece : owned_[rank().index]) own += SizeOf(piece);
  before_ = AlignedBuffer<float>(own);
}

// Of a matrix that is no embedding everyone but its owner reads the panels alone.
bool RankedExchange::IsRounded(const TensorInfo& info) const {
  return precision_ == Precision::kBf16 && !info.is_norm() && info.role != TensorRole::kEmbedding;
}

void RankedExchange::CutTensors(const TensorOwners& owners) {
  for (const TensorInfo& info : layout_.tensors()) {
    Append(owned_[owners[info.index]], WeightPart{{info.offset, info.size()}, IsRounded(info)});
  }
}

void RankedExchange::CutChunks(const TensorOwners& owners) {
  size_t tensor = 0;
  const auto& tensors = layout_.tensors();
  for (size_t chunk = 0; chunk * kNormChunk < layout_.size(); ++chunk) {
    const size_t begin = chunk * kNormChunk, end = begin + kNormChunk;
    while (tensor + 1 < tensors.size() && tensors[tensor + 1].offset <= begin) ++tensor;
    const size_t owner = owners[tensor];
    chunks_[owner].push_back(chunk);
    for (size_t i = tensor; i < tensors.size() && tensors[i].offset < end; ++i) {
      const size_t first = std::max(begin, tensors[i].offset),
                   last = std::min(end, tensors[i].offset + tensors[i].size());
      if (owners[i] != owner && first < last) Append(across_[owners[i]][owner], WeightPart{{first, last - first}});
    }
  }
}

size_t RankedExchange::Bytes(const ParameterLayout& layout, const TensorOwners& owners, size_t ranks) {
  std::vector<size_t> owned(ranks);
  for (const TensorInfo& info : layout.tensors()) owned[owners[info.index]] += info.size() * sizeof(float);
  return *std::ranges::max_element(owned);
}

PiecesOptions RankedExchange::Options(Communicator::Channel channel, const char* what) const {
  return {.channel = channel,
          .largest = PartWriter::MostBytes(kPieceElements, layout_.tensors().size() + 1),
          .patience_s = team_.patience_s(),
          .what = what};
}

template <typename MakeOut, typename MakeIn>
Status RankedExchange::WithOthers(Communicator::Channel channel, const char* what, const MakeOut& make_out,
                                  const MakeIn& make_in) {
  const Rank me = rank();
  std::vector<PiecesOut> out;
  std::vector<PiecesIn> in;
  for (size_t i = 1; i < me.count; ++i) {
    out.push_back(make_out((me.index + i) % me.count));
    in.push_back(make_in((me.index + me.count - i) % me.count));
  }
  return team_.Keep(MovePieces(team_.ranks(), out, in, Options(channel, what)));
}

Status RankedExchange::ToAll(const PiecesOut& mine, const std::vector<PiecesIn>& in, Communicator::Channel channel,
                             const char* what) {
  PiecesOut out = mine;
  const Rank me = rank();
  for (size_t i = 1; i < me.count; ++i) out.to.push_back((me.index + i) % me.count);
  return team_.Keep(MovePieces(team_.ranks(), {&out, 1}, in, Options(channel, what)));
}

Result<double> RankedExchange::Sum(const Status& items, LossSums& losses) {
  const uint64_t sent = team_.ranks().bytes_sent(), received = team_.ranks().bytes_received();
  Status local = items;
  if (local.ok()) local = local_.SumDomains();
  const double begin = MonotonicSeconds();
  if (const Status agreed = AgreeOnItems(local, losses); !agreed.ok()) {
    local_.Clear();
    return agreed;
  }
  const double all_done = MonotonicSeconds();
  CLLM_TRY(ReduceScatter());
  CLLM_TRY(CompleteChunks());
  CLLM_TRY(GatherSquares());
  costs_ = {.waiting_s = all_done - begin,
            .gradient_s = MonotonicSeconds() - all_done,
            .weights_s = 0,
            .sent = team_.ranks().bytes_sent() - sent,
            .received = team_.ranks().bytes_received() - received};
  return NormOfChunks(local_.chunk_squares());
}

Status RankedExchange::AgreeOnItems(const Status& items, LossSums& losses) {
  struct Report {
    LossSums losses;
    StatusRecord items;
  };
  CLLM_ASSIGN(const std::vector<Report> all, team_.Gather(Report{losses, StatusRecord(items)}));
  losses = {};
  // Ranks have items one after the other: the error of the lowest has the lowest item.
  for (const Report& one : all) {
    CLLM_TRY(one.items.Read());
    losses.Add(one.losses);
  }
  return {};
}

Status RankedExchange::ReduceScatter() {
  const std::span<int64_t> sum = local_.sum();
  const Pieces& own = owned_[rank().index];
  return WithOthers(
      Communicator::Channel::kGradient, "the gradient",
      [&](size_t to) -> PiecesOut {
        const Pieces& pieces = owned_[to];
        return {.to = {to}, .pieces = pieces.size(), .fill = [sum, &pieces](size_t piece, std::span<std::byte> buffer) {
                  PartWriter writer(buffer);
                  for (const Part& part : pieces[piece]) {
                    writer.Integers(sum.subspan(part.begin, part.size));
                    ZeroFixed(sum.data() + part.begin, part.size);
                  }
                  return writer.size();
                }};
      },
      [&](size_t from) -> PiecesIn {
        return {
            .from = from, .pieces = own.size(), .take = [sum, &own](size_t piece, std::span<const std::byte> bytes) {
              PartReader reader(bytes);
              for (const Part& part : own[piece]) CLLM_TRY(reader.AddIntegers(sum.subspan(part.begin, part.size)));
              return reader.End();
            }};
      });
}

// What this rank does not own is zero by now: there the parts of its chunks that others own are put for a while.
Status RankedExchange::CompleteChunks() {
  const std::span<int64_t> sum = local_.sum();
  const size_t me = rank().index;
  const Status completed = WithOthers(
      Communicator::Channel::kGradient, "the gradient's norm",
      [&](size_t to) -> PiecesOut {
        const Pieces& pieces = across_[me][to];
        return {.to = {to}, .pieces = pieces.size(), .fill = [sum, &pieces](size_t piece, std::span<std::byte> buffer) {
                  PartWriter writer(buffer);
                  for (const Part& part : pieces[piece]) writer.Integers(sum.subspan(part.begin, part.size));
                  return writer.size();
                }};
      },
      [&](size_t from) -> PiecesIn {
        const Pieces& pieces = across_[from][me];
        return {.from = from,
                .pieces = pieces.size(),
                .take = [sum, &pieces](size_t piece, std::span<const std::byte> bytes) {
                  PartReader reader(bytes);
                  for (const Part& part : pieces[piece]) CLLM_TRY(reader.Integers(sum.subspan(part.begin, part.size)));
                  return reader.End();
                }};
      });
  CLLM_TRY(completed);
  CLLM_TRY(local_.SquareChunks(chunks_[me]));
  for (const auto& pieces : across_) {
    for (const Piece& piece : pieces[me]) {
      for (const Part& part : piece) ZeroFixed(sum.data() + part.begin, part.size);
    }
  }
  return {};
}

Status RankedExchange::GatherSquares() {
  const std::span<double> squares = local_.chunk_squares();
  const auto count = [](const std::vector<size_t>& chunks) {
    return (chunks.size() + kPieceElements - 1) / kPieceElements;
  };
  const auto part = [](const std::vector<size_t>& chunks, size_t piece) {
    return std::span(chunks).subspan(piece * kPieceElements,
                                     std::min(kPieceElements, chunks.size() - piece * kPieceElements));
  };
  const std::vector<size_t>& own = chunks_[rank().index];
  const PiecesOut out{.to = {}, .pieces = count(own), .fill = [&](size_t piece, std::span<std::byte> buffer) {
                        size_t at = 0;
                        for (const size_t chunk : part(own, piece)) {
                          std::memcpy(buffer.data() + at, &squares[chunk], sizeof(double));
                          at += sizeof(double);
                        }
                        return at;
                      }};
  std::vector<PiecesIn> in;
  for (size_t from = 0; from < rank().count; ++from) {
    if (from == rank().index) continue;
    const std::vector<size_t>& chunks = chunks_[from];
    in.push_back({.from = from, .pieces = count(chunks), .take = [&](size_t piece, std::span<const std::byte> bytes) {
                    const auto here = part(chunks, piece);
                    if (bytes.size() != here.size() * sizeof(double))
                      return Failed("a rank sent other squares than expected");
                    for (size_t i = 0; i < here.size(); ++i) {
                      std::memcpy(&squares[here[i]], bytes.data() + i * sizeof(double), sizeof(double));
                    }
                    return Status();
                  }});
  }
  return ToAll(out, in, Communicator::Channel::kGradient, "the gradient's norm");
}

Status RankedExchange::GatherWeights(Parameters& parameters) {
  CLLM_TRY(team_.lost());
  const double begin = MonotonicSeconds();
  const uint64_t sent = team_.ranks().bytes_sent(), received = team_.ranks().bytes_received();
  const std::span<float> weights(parameters.data(), layout_.size());
  const Pieces& own = owned_[rank().index];
  size_t done = 0;  // of before_: messages are filled in order
  const PiecesOut out{.to = {}, .pieces = own.size(), .fill = [&](size_t piece, std::span<std::byte> buffer) {
                        PartWriter writer(buffer);
                        for (const WeightPart& part : own[piece]) {
                          const auto values = weights.subspan(part.begin, part.size);
                          if (part.rounded) {
                            writer.RoundedFloats(values);
                          } else {
                            writer.Floats(values, before_.span().subspan(done, part.size));
                          }
                          done += part.size;
                        }
                        return writer.size();
                      }};
  std::vector<PiecesIn> in;
  for (size_t from = 0; from < rank().count; ++from) {
    if (from == rank().index) continue;
    const Pieces& pieces = owned_[from];
    in.push_back({.from = from,
                  .pieces = pieces.size(),
                  .take = [weights, &pieces](size_t piece, std::span<const std::byte> bytes) {
                    PartReader reader(bytes);
                    for (const WeightPart& part : pieces[piece]) {
                      const auto values = weights.subspan(part.begin, part.size);
                      CLLM_TRY(part.rounded ? reader.RoundedFloats(values) : reader.Floats(values));
                    }
                    return reader.End();
                  }});
  }
  CLLM_TRY(ToAll(out, in, Communicator::Channel::kWeights, "the weights"));
  costs_.weights_s = MonotonicSeconds() - begin;
  costs_.sent += team_.ranks().bytes_sent() - sent;
  costs_.received += team_.ranks().bytes_received() - received;
  return {};
}

void RankedExchange::TakeWeights(const Parameters& parameters) {
  size_t done = 0;
  for (const Piece& piece : owned_[rank().index]) {
    for (const Part& part : piece) {
      std::memcpy(before_.data() + done, parameters.data() + part.begin, part.size * sizeof(float));
      done += part.size;
    }
  }
}

Status RankedExchange::GatherMasters(Parameters& parameters) {
  CLLM_TRY(team_.lost());
  const std::span<float> weights(parameters.data(), layout_.size());
  const auto masters = [](const Piece& piece, const auto& visit) {
    for (const WeightPart& part : piece) {
      if (part.rounded) visit(part);
    }
  };
  const Pieces& own = owned_[rank().index];
  if (rank().first()) {
    std::vector<PiecesIn> in;
    for (size_t from = 1; from < rank().count; ++from) {
      const Pieces& pieces = owned_[from];
      in.push_back({.from = from, .pieces = pieces.size(), .take = [&](size_t piece, std::span<const std::byte> bytes) {
                      size_t at = 0;
                      bool whole = true;
                      masters(pieces[piece], [&](const WeightPart& part) {
                        const size_t size = part.size * sizeof(float);
                        whole = whole && at + size <= bytes.size();
                        if (whole) std::memcpy(weights.data() + part.begin, bytes.data() + at, size);
                        at += size;
                      });
                      return whole && at == bytes.size() ? Status() : Failed("a rank sent other weights than expected");
                    }});
    }
    return team_.Keep(
        MovePieces(team_.ranks(), {}, in, Options(Communicator::Channel::kState, "the weights to be saved")));
  }
  const PiecesOut out{.to = {0}, .pieces = own.size(), .fill = [&](size_t piece, std::span<std::byte> buffer) {
                        size_t at = 0;
                        masters(own[piece], [&](const WeightPart& part) {
                          std::memcpy(buffer.data() + at, weights.data() + part.begin, part.size * sizeof(float));
                          at += part.size * sizeof(float);
                        });
                        return at;
                      }};
  return team_.Keep(
      MovePieces(team_.ranks(), {&out, 1}, {}, Options(Communicator::Channel::kState, "the weights to be saved")));
}

Result<Hash128> RankedExchange::WeightsHash(const Parameters& parameters) {
  CLLM_TRY(spheres_.Run(hashes_.size(), [&](Leaf&, size_t tensor) -> Status {
    const TensorInfo& info = layout_.tensors()[tensor];
    const std::span<const float> values = parameters.tensor(info);
    if (!IsRounded(info)) {
      hashes_[tensor] = HashBytes(std::as_bytes(values));
      return {};
    }
    std::vector<float> rounded(values.begin(), values.end());
    RoundToBf16(rounded);
    hashes_[tensor] = HashBytes(std::as_bytes(std::span(rounded)));
    return {};
  }));
  return HashBytes(std::as_bytes(std::span(hashes_)));
}

}  // namespace cllm
