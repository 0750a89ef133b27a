// Decodes with llama.cpp, for `cllm bench peers`: reads a prompt and continues it by the most probable token each time.
//
//   llama_cpp_decoding --model FILE.gguf --threads N --prompt P --tokens N     one line of JSON: tokens a second of
//   both,
//                                                                              and the ids that were chosen
//   llama_cpp_decoding --model FILE.gguf --logits P --sequences S              the logits after each of P tokens of S
//                                                                              texts, f32, as raw bytes: [S, P, V]
//
// Text s has token (7 i + 11 s + 3) mod V at place i; the prompt is text 0. Speeds are with the settings that a user
// gets; logits are compared without what rounds: the cache in f32, no flash attention.
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Task {
  std::string model;
  int threads = 1, prompt = 0, tokens = 0, logits = 0, sequences = 1;
};

[[noreturn]] void Fail(const std::string& sentence) {
  std::fprintf(stderr, "llama_cpp_decoding: %s\n", sentence.c_str());
  std::exit(1);
}

Task ParseTask(int argc, char** argv) {
  Task task;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const int number = std::atoi(argv[i + 1]);
    if (name == "--model") task.model = argv[i + 1];
    else if (name == "--threads") task.threads = number;
    else if (name == "--prompt") task.prompt = number;
    else if (name == "--tokens") task.tokens = number;
    else if (name == "--sequences") task.sequences = number;
    else if (name == "--logits") task.logits = number;
    else Fail("unknown option " + name);
  }
  if (task.model.empty() || (task.logits == 0 && (task.prompt < 1 || task.tokens < 1))) {
    Fail("expected --model FILE.gguf and --prompt P --tokens N, or --logits P");
  }
  return task;
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<llama_token> Text(int sequence, int tokens, size_t vocabulary) {
  std::vector<llama_token> text(static_cast<size_t>(tokens));
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<llama_token>((7 * i + 11 * static_cast<size_t>(sequence) + 3) % vocabulary);
  }
  return text;
}

void Decode(llama_context* context, llama_batch batch) {
  if (llama_decode(context, batch) != 0) Fail("llama_decode failed");
}

llama_context* MakeContext(llama_model* model, const Task& task) {
  llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = static_cast<uint32_t>(std::max(task.logits, task.prompt + task.tokens));
  parameters.n_threads = parameters.n_threads_batch = task.threads;
  parameters.no_perf = true;
  if (task.logits != 0) {
    parameters.n_batch = parameters.n_ctx;
    parameters.type_k = parameters.type_v = GGML_TYPE_F32;
    parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  }
  llama_context* context = llama_init_from_model(model, parameters);
  if (context == nullptr) Fail("no context could be made");
  return context;
}

void PrintLogits(llama_context* context, const Task& task, size_t vocabulary) {
  llama_batch batch = llama_batch_init(task.logits, 0, 1);
  for (int s = 0; s < task.sequences; ++s) {
    const std::vector<llama_token> text = Text(s, task.logits, vocabulary);
    llama_memory_clear(llama_get_memory(context), true);
    batch.n_tokens = task.logits;
    for (int i = 0; i < task.logits; ++i) {
      batch.token[i] = text[static_cast<size_t>(i)];
      batch.pos[i] = i;
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = 1;
    }
    Decode(context, batch);
    for (int i = 0; i < task.logits; ++i) {
      std::fwrite(llama_get_logits_ith(context, i), sizeof(float), vocabulary, stdout);
    }
  }
  llama_batch_free(batch);
}

void PrintSpeeds(llama_context* context, const Task& task, size_t vocabulary) {
  std::vector<llama_token> prompt = Text(0, task.prompt, vocabulary);
  // Once without a clock: memory is touched, and threads are there.
  Decode(context, llama_batch_get_one(prompt.data(), static_cast<int32_t>(prompt.size())));
  llama_synchronize(context);
  llama_memory_clear(llama_get_memory(context), true);
  const double begin = Seconds();
  Decode(context, llama_batch_get_one(prompt.data(), static_cast<int32_t>(prompt.size())));
  llama_synchronize(context);
  const double read = Seconds();
  std::string ids;
  for (int i = 0; i < task.tokens; ++i) {
    const float* logits = llama_get_logits_ith(context, -1);
    llama_token next = static_cast<llama_token>(std::max_element(logits, logits + vocabulary) - logits);
    ids += (i == 0 ? "" : ",") + std::to_string(next);
    Decode(context, llama_batch_get_one(&next, 1));
  }
  llama_synchronize(context);
  const double end = Seconds();
  std::printf("{\"prompt_tokens_per_s\":%.6g,\"tokens_per_s\":%.6g,\"ids\":[%s]}\n", task.prompt / (read - begin),
              task.tokens / (end - read), ids.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const Task task = ParseTask(argc, argv);
  llama_log_set([](ggml_log_level level, const char* text, void*) {
    if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
  }, nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(task.model.c_str(), llama_model_default_params());
  if (model == nullptr) Fail(task.model + " could not be loaded");
  const size_t vocabulary = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  llama_context* context = MakeContext(model, task);
  if (task.logits != 0) {
    PrintLogits(context, task, vocabulary);
  } else {
    PrintSpeeds(context, task, vocabulary);
  }
  llama_free(context);
  llama_model_free(model);
  return 0;
}
