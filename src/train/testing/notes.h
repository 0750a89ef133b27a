#pragma once

#include <string>
#include <vector>

#include "monitor/run_observer.h"

namespace cllm {

// Keeps the notes of a run.
class Notes : public RunObserver {
 public:
  void OnNote(const NoteEvent& event) override { notes.push_back(event.sentence); }
  std::vector<std::string> notes;
};

}  // namespace cllm
