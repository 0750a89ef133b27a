#include "serve/dashboard/sample_book.h"

#include <algorithm>
#include <utility>

#include "serve/dashboard/json_numbers.h"

namespace cllm {
namespace {

constexpr size_t kMostSamples = 400;  // that are told, the newest
constexpr double kAgain_s = 20;

}  // namespace

// What was read before is not read again.
void SampleBook::Read(const RunHistory& history) {
  std::vector<Sample> before = std::exchange(samples_, {});
  size_t count = 0;
  for (const HistoryEvent& event : history.events()) count += event.kind == HistoryEventKind::kSample;
  size_t passed = count > kMostSamples ? count - kMostSamples : 0;
  for (const HistoryEvent& event : history.events()) {
    if (event.kind != HistoryEventKind::kSample) continue;
    if (passed > 0) {
      --passed;
      continue;
    }
    const auto known = std::ranges::find_if(before, [&](const Sample& each) {
      return each.offset == event.offset && each.bytes == event.bytes && each.step == event.step;
    });
    samples_.push_back({.step = event.step, .offset = event.offset, .bytes = event.bytes});
    samples_.back().text = known != before.end() ? known->text : history.Text(event);
  }
}

std::vector<std::string> SampleBook::TakeUnknown(double now) {
  std::vector<std::string> texts;
  if (pending_ || (!gave_up_.empty() && now < again_)) return texts;
  for (const Sample& sample : samples_) {
    if (!copies_.contains(sample.text) && std::ranges::count(texts, sample.text) == 0) texts.push_back(sample.text);
  }
  pending_ = !texts.empty();
  return texts;
}

void SampleBook::Keep(const std::vector<std::string>& texts, std::vector<SampleCopies> copies) {
  pending_ = false;
  gave_up_.clear();
  for (size_t i = 0; i < std::min(texts.size(), copies.size()); ++i) copies_[texts[i]] = std::move(copies[i]);
}

void SampleBook::GiveUp(std::string why, double now) {
  pending_ = false;
  again_ = now + kAgain_s;
  gave_up_ = why.empty() ? "unknown" : std::move(why);
}

JsonFields SampleBook::Answer() const {
  JsonArray samples;
  bool all = true;
  for (const Sample& sample : samples_) {
    const auto known = copies_.find(sample.text);
    JsonArray pieces;
    JsonValue share, longest;
    if (known != copies_.end()) {
      for (const SamplePiece& piece : known->second.pieces) {
        pieces.push_back(JsonFields{{"text", piece.text}, {"copied", piece.copied}});
      }
      share = Rounded(known->second.share, 6);
      longest = known->second.longest;
    } else {
      all = false;
      pieces.push_back(JsonFields{{"text", sample.text}, {"copied", JsonValue()}});
    }
    samples.push_back(JsonFields{{"step", sample.step},
                                 {"text", sample.text},
                                 {"pieces", std::move(pieces)},
                                 {"copied_share", share},
                                 {"longest", longest}});
  }
  return {{"prompt", ""},  // samples of a training begin with nothing
          {"samples", std::move(samples)},
          {"known", all || gave_up_.empty()},
          {"pending", pending_},
          {"reason", gave_up_}};
}

}  // namespace cllm
