#pragma once

#include <string>
#include <vector>

#include "monitor/run_observer.h"

namespace cllm {

// Keeps the notes of a run.
class NoteKeeper : public RunObserver {
 public:
  void OnNote(const NoteEvent& event) override { sentences.push_back(event.sentence); }
  std::vector<std::string> sentences;
};

}  // namespace cllm
