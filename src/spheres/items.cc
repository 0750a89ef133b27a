#include "spheres/items.h"

#include <initializer_list>

#include "base/check.h"

namespace cllm {
namespace {

constexpr uint64_t kOneLeaf = uint64_t{1} << 32;

uint64_t PositionsLeft(uint64_t counter) { return counter & (kOneLeaf - 1); }
uint64_t NotYetCome(uint64_t counter) { return counter >> 32; }

}  // namespace

// The counters' operations are relaxed throughout: a counter guards no other data. Positions and the work itself are
// published by the barrier that opens the phase, results by the one that closes it.

Items::Items(const Placement& placement)
    : groups_(placement.groups.begin(),
              placement.groups.begin() + static_cast<std::ptrdiff_t>(placement.level_one_groups)),
      shares_(placement.level_one_groups),
      leaves_(placement.leaves.size()) {}

void Items::Deal(size_t items) {
  CHECK(items < kOneLeaf);
  const bool reserve = items >= leaves_;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const GroupSphere& group = groups_[g];
    // Proportional shares; with items >= leaves none is smaller than its number of leaves.
    const size_t begin = items * group.first_leaf / leaves_;
    shares_[g].end = items * (group.first_leaf + group.leaves) / leaves_;
    const uint64_t counter = (shares_[g].end - begin) + (reserve ? group.leaves * kOneLeaf : 0);
    shares_[g].counter.store(counter, std::memory_order_relaxed);
  }
}

std::optional<Items::Claim> Items::First(size_t group) {
  Share& share = shares_[group];
  uint64_t counter = share.counter.load(std::memory_order_relaxed);
  if (NotYetCome(counter) == 0) return Next(group);
  // One item less and one leaf less: the reservation of the others stays whole.
  counter = share.counter.fetch_sub(kOneLeaf + 1, std::memory_order_relaxed);
  DCHECK(PositionsLeft(counter) >= NotYetCome(counter) && NotYetCome(counter) >= 1);
  return Claim{.position = share.end - PositionsLeft(counter)};
}

std::optional<Items::Claim> Items::Next(size_t group) {
  if (const auto position = TakeSpare(shares_[group])) return Claim{.position = *position};
  // Neighbours by distance. A share without spare items never regains one, so an empty round is final.
  for (size_t distance = 1; distance < shares_.size(); ++distance) {
    for (const size_t victim : {group + distance, group - distance}) {  // below 0 wraps beyond the end
      if (victim >= shares_.size()) continue;
      if (const auto position = TakeSpare(shares_[victim])) return Claim{.position = *position, .stolen = true};
    }
  }
  return std::nullopt;
}

size_t Items::Left() const {
  size_t left = 0;
  for (const Share& share : shares_) left += PositionsLeft(share.counter.load(std::memory_order_relaxed));
  return left;
}

std::optional<size_t> Items::TakeSpare(Share& share) {
  uint64_t counter = share.counter.load(std::memory_order_relaxed);
  while (PositionsLeft(counter) > NotYetCome(counter)) {
    if (share.counter.compare_exchange_weak(counter, counter - 1, std::memory_order_relaxed)) {
      return share.end - PositionsLeft(counter);
    }
  }
  return std::nullopt;
}

}  // namespace cllm
