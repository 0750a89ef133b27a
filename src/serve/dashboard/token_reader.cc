#include "serve/dashboard/token_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "serve/api_error.h"

namespace cllm {
namespace {

constexpr size_t kMostOpened = 2;

HttpAnswer NoTokens(const Status& why) { return ErrorAnswer(StatusError(404, why.message())); }

}  // namespace

Result<TokenReader::Opened*> TokenReader::Open(const RunSource& run) {
  const auto same = std::ranges::find_if(opened_, [&](const auto& each) {
    return each->run.path == run.path && each->run.corpus_hash == run.corpus_hash;
  });
  if (same != opened_.end()) {
    std::rotate(opened_.begin(), same, same + 1);
    Opened& opened = *opened_.front();
    opened.run = run;
    // The view of the lattice counts the tokens.
    if (!opened.tokens->corpus && opened.tokens->LookAgain(run)) opened.view = nullptr;
    return &opened;
  }
  CLLM_ASSIGN(RunTokens tokens, RunTokens::Open(run));
  auto opened = std::make_unique<Opened>();
  opened->run = run;
  opened->tokens = std::make_unique<RunTokens>(std::move(tokens));
  opened_.push_front(std::move(opened));
  if (opened_.size() > kMostOpened) opened_.pop_back();
  return opened_.front().get();
}

Result<LatticeView*> TokenReader::View(const RunSource& run) {
  CLLM_ASSIGN(Opened* const opened, Open(run));
  if (opened->view == nullptr) {
    opened->view = std::make_unique<LatticeView>(run, *opened->tokens);
  } else {
    opened->view->TakeCheckpoint(run);
  }
  return opened->view.get();
}

HttpAnswer TokenReader::Lattice(const RunSource& run, bool& losses_are_wanted) {
  const Result<LatticeView*> view = View(run);
  if (!view.ok()) return NoTokens(view.status());
  Opened& opened = *opened_.front();
  const bool possible = opened.tokens->corpus.has_value() && !run.checkpoint.empty();
  losses_are_wanted = possible && !opened.finding && opened.asked != run.step;
  if (losses_are_wanted) {
    opened.asked = run.step;
    opened.finding = true;
  }
  return JsonAnswer((*view)->Columns(opened.losses ? &*opened.losses : nullptr, opened.finding));
}

HttpAnswer TokenReader::Token(const RunSource& run, const std::string& token) {
  const Result<LatticeView*> view = View(run);
  if (!view.ok()) return NoTokens(view.status());
  const Result<uint64_t> id = ParseCount(token);
  if (!id.ok() || *id >= (*view)->vocabulary()) {
    return ErrorAnswer(StatusError(404, fmt::format("no token is called '{}', expected a number from 0 to {}",
                                                    token.substr(0, 40), (*view)->vocabulary() - 1)));
  }
  return JsonAnswer((*view)->Token(static_cast<uint32_t>(*id)));
}

Result<std::vector<SampleCopies>> TokenReader::Copies(const RunSource& run, std::span<const std::string> texts,
                                                      const std::stop_token& stop) {
  CLLM_ASSIGN(const Opened* opened, Open(run));
  if (!opened->tokens->corpus) return BadInput(opened->tokens->missing);
  return FindSampleCopies(texts, *opened->tokens, stop);
}

void TokenReader::KeepLosses(const RunSource& run, Result<KnownLosses> losses) {
  for (const auto& opened : opened_) {
    if (opened->run.path != run.path) continue;
    opened->finding = false;
    const bool fits = losses.ok() && losses->nats.size() == opened->tokens->tokenizer.vocabulary();
    if (fits) opened->losses = *std::move(losses);
    return;
  }
}

}  // namespace cllm
