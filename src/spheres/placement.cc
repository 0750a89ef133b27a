#include "spheres/placement.h"

#include <algorithm>

#include "base/check.h"

namespace cllm {
namespace {

// The cache domain of each core, in machine order, not yet numbered densely.
std::vector<size_t> DomainOfCores(const std::vector<Core>& cores) {
  size_t caches = 0;
  for (const Core& core : cores) caches = std::max(caches, core.cache + 1);
  const bool shared = cores.size() >= 2 * caches;
  std::vector<size_t> domains;
  for (const Core& core : cores) domains.push_back(shared ? core.cache : core.node);
  return domains;
}

std::vector<unsigned> HardwareThreadsOfDomain(const std::vector<Core>& cores, const std::vector<size_t>& domains,
                                              size_t domain) {
  std::vector<unsigned> threads;
  for (size_t i = 0; i < cores.size(); ++i) {
    if (domains[i] != domain) continue;
    threads.insert(threads.end(), cores[i].hardware_threads.begin(), cores[i].hardware_threads.end());
  }
  return threads;
}

// A run of consecutive leaves of one cache domain.
struct Block {
  size_t leaves = 0, node = 0;
};

// Cuts one block of leaves into groups of nearly equal size.
void CutBlock(size_t leaves, std::vector<size_t>& group_sizes) {
  const size_t pieces = (leaves + kSphereFanOut - 1) / kSphereFanOut;
  for (size_t i = 0; i < pieces; ++i) group_sizes.push_back(leaves * (i + 1) / pieces - leaves * i / pieces);
}

// Sizes of the level 1 groups: neighbouring blocks of a NUMA node are joined while they fit one group.
std::vector<size_t> GroupSizes(const std::vector<Block>& blocks) {
  std::vector<size_t> sizes;
  size_t joined = 0, node = 0;
  for (const Block& block : blocks) {
    if (joined > 0 && (block.node != node || joined + block.leaves > kSphereFanOut)) {
      CutBlock(joined, sizes);
      joined = 0;
    }
    joined += block.leaves;
    node = block.node;
  }
  if (joined > 0) CutBlock(joined, sizes);
  return sizes;
}

// Adds the groups above level 1 until one group covers all.
void Nest(std::vector<GroupSphere>& groups) {
  size_t begin = 0, end = groups.size();
  for (size_t level = 2; end - begin > 1; ++level) {
    std::vector<size_t> sizes;
    CutBlock(end - begin, sizes);
    size_t child = begin;
    for (const size_t size : sizes) {
      GroupSphere group{.level = level, .first_leaf = groups[child].first_leaf, .children = size};
      for (size_t i = 0; i < size; ++i, ++child) {
        group.leaves += groups[child].leaves;
        groups[child].parent = groups.size();
      }
      groups.push_back(group);
    }
    begin = end;
    end = groups.size();
  }
  groups.back().parent = groups.size() - 1;
}

}  // namespace

Placement PlaceLeaves(const Machine& machine, size_t leaves) {
  const std::vector<Core>& cores = machine.cores;
  CHECK(leaves >= 1 && !cores.empty());
  const std::vector<size_t> domains = DomainOfCores(cores);
  const bool crowded = leaves > cores.size();
  const bool limited = machine.UsableCores() < cores.size();
  const size_t first_domain = domains.front(), last_domain = domains.back();

  Placement placement;
  std::vector<Block> blocks;
  size_t block_domain = 0;
  for (size_t i = 0; i < leaves; ++i) {
    const size_t core = crowded ? i * cores.size() / leaves : i;
    if (blocks.empty() || domains[core] != block_domain) {
      blocks.push_back({.node = cores[core].node});
      block_domain = domains[core];
    }
    ++blocks.back().leaves;
    LeafPlace place{.cache_domain = blocks.size() - 1};
    if (!limited && leaves == cores.size()) place.hardware_threads = cores[core].hardware_threads;
    if (!limited && crowded && first_domain != last_domain) {
      place.hardware_threads = HardwareThreadsOfDomain(cores, domains, block_domain);
    }
    placement.leaves.push_back(std::move(place));
  }
  placement.cache_domains = blocks.size();

  size_t first = 0;
  for (const size_t size : GroupSizes(blocks)) {
    for (size_t i = first; i < first + size; ++i) placement.leaves[i].group = placement.groups.size();
    placement.groups.push_back({.first_leaf = first, .leaves = size, .children = size});
    first += size;
  }
  placement.level_one_groups = placement.groups.size();
  Nest(placement.groups);
  return placement;
}

}  // namespace cllm
