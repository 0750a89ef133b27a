#include "cluster/handshake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "cluster/await.h"

namespace cllm {
namespace {

constexpr auto kComparing = Communicator::Channel::kHandshake;
constexpr size_t kMostFactBytes = 1 << 20;  // of a rank's facts, and of the verdict
constexpr const char* kComparison = "the comparison at the start";

void AppendText(std::string& out, std::string_view text) {
  const uint32_t size = static_cast<uint32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof(size));
  out.append(text);
}

// The text at the start of `in`, which then begins behind it. Empty, with `in` empty, if it is cut.
std::string_view TakeText(std::string_view& in) {
  uint32_t size = 0;
  if (in.size() < sizeof(size)) return in = {};
  std::memcpy(&size, in.data(), sizeof(size));
  in.remove_prefix(sizeof(size));
  if (in.size() < size) return in = {};
  const std::string_view text = in.substr(0, size);
  in.remove_prefix(size);
  return text;
}

std::string Packed(std::span<const Fact> facts) {
  std::string packed;
  for (const Fact& fact : facts) {
    AppendText(packed, fact.name);
    AppendText(packed, fact.value);
  }
  return packed;
}

std::string Place(const Communicator& ranks, size_t rank) {
  return fmt::format("rank {} on {}", rank, ranks.host(rank));
}

// The sentence on the first fact where that rank differs from ours; empty if none does.
std::string Difference(const Communicator& ranks, std::span<const Fact> facts, size_t rank, std::string_view packed) {
  bool same_names = true;
  for (const Fact& fact : facts) {
    const std::string_view name = TakeText(packed), value = TakeText(packed);
    same_names = same_names && name == fact.name;
    if (!same_names) break;
    if (value == fact.value) continue;
    return fmt::format("{} of {} is {}, that of {} is {}: {}", fact.name, Place(ranks, rank), value, Place(ranks, 0),
                       fact.value, fact.remedy);
  }
  if (same_names && packed.empty()) return {};
  return fmt::format("{} tells of other things than {}: start the same program on all ranks", Place(ranks, rank),
                     Place(ranks, 0));
}

// Of rank 0: gets the facts of all others, and sends each the verdict.
Result<std::string> Judge(Communicator& ranks, std::span<const Fact> facts, double patience_s) {
  const size_t others = ranks.rank().count - 1;
  std::vector<std::vector<std::byte>> packed(others, std::vector<std::byte>(kMostFactBytes));
  std::vector<Communicator::Ticket> tickets;
  for (size_t i = 0; i < others; ++i) tickets.push_back(ranks.Receive(i + 1, kComparing, packed[i]));
  std::vector<size_t> sizes(others);
  CLLM_TRY(Await(ranks, tickets, patience_s, kComparison, sizes));
  std::string verdict;
  for (size_t i = 0; i < others && verdict.empty(); ++i) {
    verdict = Difference(ranks, facts, i + 1, AsText(ByteView(packed[i]).first(sizes[i])));
  }
  verdict.resize(std::min(verdict.size(), kMostFactBytes));
  tickets.clear();
  for (size_t i = 0; i < others; ++i) tickets.push_back(ranks.Send(i + 1, kComparing, AsBytes(verdict)));
  CLLM_TRY(Await(ranks, tickets, patience_s, kComparison));
  return verdict;
}

Result<std::string> Submit(Communicator& ranks, std::span<const Fact> facts, double patience_s) {
  const std::string packed = Packed(facts);
  if (packed.size() > kMostFactBytes) return Failed("more is to be compared at the start than fits into one message");
  std::vector<std::byte> verdict(kMostFactBytes);
  const std::vector<Communicator::Ticket> tickets = {ranks.Send(0, kComparing, AsBytes(packed)),
                                                     ranks.Receive(0, kComparing, verdict)};
  std::vector<size_t> sizes(2);
  CLLM_TRY(Await(ranks, tickets, patience_s, kComparison, sizes));
  return std::string(AsText(ByteView(verdict).first(sizes[1])));
}

}  // namespace

Status Handshake(Communicator& ranks, std::span<const Fact> facts, double patience_s) {
  const Rank rank = ranks.rank();
  if (rank.alone()) return {};
  CLLM_ASSIGN(const std::string verdict,
              rank.first() ? Judge(ranks, facts, patience_s) : Submit(ranks, facts, patience_s));
  if (!verdict.empty()) return BadInput(verdict);
  return {};
}

}  // namespace cllm
