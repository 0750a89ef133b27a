#include "train/sample_file.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace cllm {

void SampleFile::OnSample(const SampleEvent& event) {
  if (const Status kept = Append(event); !kept.ok()) notes_.OnNote({kept.message()});
}

Status SampleFile::Append(const SampleEvent& event) const {
  CLLM_ASSIGN(const auto file, files_.OpenAppend(path_));
  CLLM_TRY(file->Append(AsBytes(fmt::format("--- step {}\n", event.step) + event.text + "\n")));
  return file->Close();
}

}  // namespace cllm
