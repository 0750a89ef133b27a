#include "terminal/display_watch.h"

#include "terminal/process_streams.h"

namespace cllm {

void DisplayWatch::Look() {
  if (notes_ == nullptr || told_ || !ErrorOutputLost()) return;
  told_ = true;  // before the note, which comes back here as an event
  notes_->OnNote(
      {"the terminal, pipe or file that progress is shown on takes no more; training goes on, and this log and "
       "the exit code (1) tell of it"});
}

}  // namespace cllm
