#pragma once

#include <span>

#include "base/bytes.h"
#include "base/status.h"

// Every reader of files that may be damaged or hostile, as a function of bytes: what the fuzzers and the mutator of the
// normal tests call.
namespace cllm::fuzz {

// Loads `bytes` as a file of its kind and, where that is accepted, uses and rewrites what was read. Error: BadInput, or
// Usage from options that contradict each other. Aborts if the loader breaks a promise of its header.
using Load = Status (*)(ByteView bytes);

struct Loader {
  const char* name;  // of its folder in fuzz/corpus
  Load load;
  bool seldom_refuses = false;  // nearly every input is one
};
std::span<const Loader> Loaders();

// Of a checkpoint: manifest.json, state.json, model.safetensors, optimizer.safetensors.
Status LoadManifest(ByteView bytes);
Status LoadState(ByteView bytes);
Status LoadModel(ByteView bytes);
Status LoadOptimizer(ByteView bytes);
Status LoadSafetensors(ByteView bytes);
// tokenizer.json, then, after a NUL byte, lattice.json; without one, the lattice of the bytes.
Status LoadTokenizerFiles(ByteView bytes);
Status LoadLattice(ByteView bytes);
// As it is, and with its checksums made right: a hostile writer would do that.
Status LoadTokens(ByteView bytes);
Status LoadConfiguration(ByteView bytes);
// Error: BadInput also where lines were dropped, which the reader itself only counts.
Status LoadLog(ByteView bytes);
// The same log for those who look at it: curves, page, table and picture of it. Error: BadInput also for foreign lines.
Status LoadHistory(ByteView bytes);

// Texts. Error: BadInput also where a text's units encode nothing, and where a pattern (then, after a NUL byte, a path)
// does not match.
Status LoadHtml(ByteView bytes);
Status LoadEpub(ByteView bytes);
Status LoadJsonLines(ByteView bytes);
Status LoadEncoding(ByteView bytes);
Status LoadGlob(ByteView bytes);
Status LoadGzip(ByteView bytes);
Status LoadXz(ByteView bytes);
Status LoadZstd(ByteView bytes);

// Models of other programs. Of Hugging Face: config.json, tokenizer_config.json, tokenizer.json and model.safetensors,
// a NUL byte between them.
Status LoadGguf(ByteView bytes);
Status LoadHuggingFace(ByteView bytes);

// The body of a call to the server, in each of its forms, decoded to its end.
Status LoadCall(ByteView bytes);

}  // namespace cllm::fuzz
