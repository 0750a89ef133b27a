#include "train/work_items.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"

namespace cllm {
namespace {

// Of an item when the user names no size. Sums of small items cost more than they compute: those of 64 tokens take a
// tenth longer than those of 128, so that two fewer items are worth it (docs/findings.md).
constexpr size_t kItemTokens = 512, kMinItemTokens = 128;
constexpr size_t kItems = 8, kMinItems = 6;
constexpr size_t kMaxItems = 4096;  // a step's items over all ranks: no order of additions can wrap (design 5.3)
constexpr uint64_t kDropoutStream = 0x64726f70;

}  // namespace

size_t DefaultItemSequences(size_t batch, size_t context) {
  const auto sequences = [&](size_t tokens, size_t items) { return std::min(tokens / context, batch / items); };
  return std::max<size_t>({1, sequences(kItemTokens, kItems), sequences(kMinItemTokens, kMinItems)});
}

ItemContent ContentOf(const StepOptions& options, uint64_t step, size_t item) {
  const size_t first = item * options.item;
  return {.first_sequence = step * options.batch + first,
          .sequences = std::min(options.item, options.batch - first),
          .dropout_key = SubKey(SubKey(SubKey(options.seed, kDropoutStream), step), item)};
}

Status WorkItems::Check(const StepOptions& options) {
  if (options.items() <= kMaxItems) return {};
  return Usage(fmt::format("`batch` {} in items of {} sequences makes {} work items a step, expected at most {}; "
                           "name a larger `item`",
                           options.batch, options.item, options.items(), kMaxItems));
}

WorkItems::WorkItems(const StepOptions& options, const Transformer& transformer)
    : options_(options),
      transformer_(transformer),
      length_(transformer.weights().shape().context),
      gradient_scale_(1.0f / static_cast<float>(options.batch * length_),
                      FixedPointLimit(2 * options.batch * length_)),
      sums_(options.items()) {}

// A sequence's window of T + 1 tokens is read in place: its last token, a target only, lies where the next sequence's
// inputs begin and is overwritten by them.
Result<size_t> WorkItems::Read(const ItemContent& content, const SequenceReader& read, const ScoredTargets* scored,
                               TrainingContext& context) const {
  for (size_t s = 0; s < content.sequences; ++s) {
    const std::span<uint32_t> window{context.inputs.data() + s * length_, length_ + 1};
    CLLM_TRY(read(content.first_sequence + s, window));
    const std::span<uint32_t> targets{context.targets.data() + s * length_, length_};
    std::copy(window.begin() + 1, window.end(), targets.begin());
    if (scored != nullptr) scored->mask(content.first_sequence + s, targets);
  }
  return content.sequences * length_;
}

FixedScale WorkItems::gradient_scale(const ScoredTargets* scored) const {
  if (scored == nullptr) return gradient_scale_;
  return {1.0f / static_cast<float>(scored->count), gradient_scale_.limit};
}

Status WorkItems::Train(uint64_t step, size_t item, TrainingContext& context, GradientSink& sink) {
  const ItemContent content = ContentOf(options_, step, item);
  LossSums& sums = sums_[item];
  sums = {};
  const auto targets = std::span(context.targets).first(content.sequences * length_);
  if (std::ranges::all_of(targets, [](uint32_t target) { return target == kNoTarget; })) return {};
  transformer_.Train(context, content.sequences, options_.lambda, {options_.dropout, content.dropout_key}, sums, sink);
  if (!sums.finite) return Diverged(fmt::format("step {}, item {}: the loss is not a finite number", step, item));
  if (sink.in_range) return {};
  return Diverged(fmt::format("step {}, item {}: the gradient of {} is not finite or out of range", step, item,
                              transformer_.weights().layout().TensorOfGrid(sink.bad_grid).name));
}

LossSums WorkItems::Sums() const {
  LossSums sums;
  for (const LossSums& item : sums_) sums.Add(item);
  return sums;
}

}  // namespace cllm
