#include "run/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path.h"
#include "corpus/cache_directory.h"
#include "corpus/glob_pattern.h"
#include "corpus/named_path.h"
#include "corpus/source_file.h"
#include "run/resources.h"
#include "run/run_config.h"
#include "run/text_preparation.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

bool NamesStandardInput(const RunChoices& choices) {
  const auto among = [](const std::vector<std::string>& paths) {
    return std::find(paths.begin(), paths.end(), kStandardInput) != paths.end();
  };
  return among(choices.text) || among(choices.validation);
}

// What a text lies at, for messages: "/home/ann/a.txt and 2 more".
std::string PlacesOf(const RunChoices& choices) {
  std::vector<std::string> places;
  for (const std::string& path : choices.text) places.push_back(NamedPath::Of(path).Located());
  for (const std::string& path : choices.validation) places.push_back(NamedPath::Of(path).Located());
  return NameSome(places, 3);
}

// A text, or why it is not the one with that hash.
struct Attempt {
  Result<SplitText> text;
  bool is_another = false;  // it can be read, but is not the one
};

Attempt OpenIfSame(const RunChoices& choices, const std::string& hash) {
  Result<SplitText> text = SplitText::Open(TextOf(choices));
  if (!text.ok()) return {.text = text.status()};
  const std::string found = text->statistics().hash.Hex();
  if (found == hash) return {.text = std::move(text)};
  return {.text = BadInput(fmt::format("the run was trained on another text than {} holds now; expected hash {}, "
                                       "found {}",
                                       text->Name(), hash, found)),
          .is_another = true};
}

// Directories that a text may have been moved to with its run, or that the user is in.
std::vector<std::string> LikelyDirectories(const std::string& run) {
  std::vector<std::string> directories;
  const auto add = [&](const fs::path& path) {
    const std::string text = path.string();
    if (!text.empty() && std::find(directories.begin(), directories.end(), text) == directories.end()) {
      directories.push_back(text);
    }
  };
  std::error_code error;
  const fs::path in = fs::canonical(run, error);
  if (!error) add(in.parent_path().parent_path()), add(in.parent_path()), add(in);
  const fs::path here = fs::current_path(error);
  if (!error) add(here);
  return directories;
}

// Where a path would lie in another directory, by its name there or by its last part; none for what would stand for
// everything there.
std::optional<std::string> Moved(const std::string& path, const std::string& directory, bool last_part) {
  const NamedPath place = NamedPath::Of(path);
  const std::string plain = NamedPath{.base = "", .named = place.named}.Located();
  if (LooksLikeGlob(plain) || plain == "." || plain.ends_with("..")) return std::nullopt;
  if (last_part || plain.starts_with('/')) return RecordedPath(plain.substr(plain.rfind('/') + 1), directory);
  return RecordedPath(plain, directory);
}

// The choices with all texts in another directory, if that makes sense.
std::optional<RunChoices> AllMoved(RunChoices choices, const std::string& directory, bool last_part) {
  for (std::vector<std::string>* paths : {&choices.text, &choices.validation}) {
    for (std::string& path : *paths) {
      std::optional<std::string> moved = Moved(path, directory, last_part);
      if (!moved) return std::nullopt;
      path = *std::move(moved);
    }
  }
  return choices;
}

// A text and the choices that name it.
struct MovedText {
  SplitText text;
  RunChoices choices;
};

std::optional<MovedText> FindElsewhere(const TextQuery& query) {
  for (const std::string& directory : LikelyDirectories(query.run)) {
    for (const bool last_part : {false, true}) {
      std::optional<RunChoices> moved = AllMoved(query.choices, directory, last_part);
      if (!moved) continue;
      Result<SplitText> text = OpenIfSame(*moved, query.hash).text;
      if (text.ok()) return MovedText{*std::move(text), *std::move(moved)};
    }
  }
  // The folder that holds the runs was the text, and moved with them.
  std::error_code error;
  const fs::path above = fs::canonical(query.run, error).parent_path().parent_path();
  const bool whole_folder = query.choices.text.size() == 1 && query.choices.validation.empty() &&
                            NamedPath::Of(query.choices.text.front()).named == ".";
  if (error || !whole_folder) return std::nullopt;
  RunChoices moved = query.choices;
  moved.text = {RecordedPath(".", above.string())};
  Result<SplitText> text = OpenIfSame(moved, query.hash).text;
  if (!text.ok()) return std::nullopt;
  return MovedText{*std::move(text), std::move(moved)};
}

// For the next time; what cannot be written ends nothing.
void Remember(const TextQuery& query, const RunChoices& where, FileSystem& files, RunObserver& observer) {
  if (NamesStandardInput(where)) return;
  const Status written = RecordText(files, query.run, WithRecordedPaths(where));
  if (!written.ok()) observer.OnNote({fmt::format("where the text lies is not remembered: {}", written.message())});
}

Result<PreparedCorpus> PrepareFound(const SplitText& text, const TextQuery& query, RunObserver& observer) {
  TellNotes(text, observer);
  return PrepareText(text, query.tokenizer, UsableCores(), observer);
}

Result<PreparedCorpus> FindNamed(const TextQuery& query, const RunChoices& own, FileSystem& files,
                                 RunObserver& observer) {
  const Result<SplitText> text = OpenIfSame(query.choices, query.hash).text;
  if (!text.ok()) {
    if (text.status().code() != Code::kBadInput) return text.status();
    return BadInput(fmt::format("{}; the run's text was {}", text.status().message(), PlacesOf(own)));
  }
  Remember(query, query.choices, files, observer);
  return PrepareFound(*text, query, observer);
}

}  // namespace

Result<PreparedCorpus> FindText(const TextQuery& query, FileSystem& files, RunObserver& observer) {
  CLLM_ASSIGN(const RunChoices own, ReadRunChoices(query.run));
  const bool named = query.choices.text != own.text || query.choices.validation != own.validation;
  if (named) return FindNamed(query, own, files, observer);
  const std::string places = PlacesOf(own);
  const auto cached = [&] { return FindPrepared(DefaultCacheDirectory(), query.hash, query.tokenizer, places); };
  if (NamesStandardInput(own)) {
    Result<PreparedCorpus> corpus = cached();
    if (corpus.ok()) return corpus;
  }
  const Attempt there = OpenIfSame(AsNamedHere(own), query.hash);
  if (there.text.ok()) return PrepareFound(*there.text, query, observer);
  const Status& fault = there.text.status();
  if (fault.code() != Code::kBadInput) return fault;
  if (const std::optional<MovedText> found = FindElsewhere(query)) {
    observer.OnNote({fmt::format("the text of the run is {} now; it was {}", PlacesOf(found->choices), places)});
    Remember(query, found->choices, files, observer);
    return PrepareFound(found->text, query, observer);
  }
  const std::string advice = fmt::format("name the run's text where it lies now: `resume {} TEXT`", query.run);
  if (there.is_another) return BadInput(fmt::format("{}; put it back, or {}", fault.message(), advice));
  Result<PreparedCorpus> corpus = cached();
  if (!corpus.ok()) {
    return BadInput(fmt::format("{}; neither is the text elsewhere nearby, nor are its tokens in the cache; {}",
                                fault.message(), advice));
  }
  observer.OnNote({fmt::format("the run's text is not there any more ({}); training goes on with its tokens, which are "
                               "in the cache",
                               places)});
  return corpus;
}

}  // namespace cllm
