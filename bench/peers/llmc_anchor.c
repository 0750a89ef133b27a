// llm.c's GPT-2 as a yardstick: its own train_gpt2.c (not part of this repository; -I its directory), untrained weights
// of the width, layers, heads, context, batch and vocabulary of a configuration. Its decoder differs (LayerNorm, GELU,
// hidden width 4C, learned positions), so its FLOP per token are its own; compare tokens per second with that in mind.
//   llmc_anchor --config a|b|c --threads N --dtype fp32 --seconds S
// Prints one line of JSON: tokens per second of the median step, resident memory.
#define TESTING
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "train_gpt2.c"

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int Later(const void* a, const void* b) { return (*(const double*)a > *(const double*)b) - (*(const double*)a < *(const double*)b); }

static double ResidentMegabytes(void) {
  long total = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &total, &resident) != 2) exit(1);
  fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE) * 1e-6;
}

static const char* Option(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  }
  fprintf(stderr, "llmc_anchor: %s is missing\n", name);
  exit(2);
}

int main(int argc, char** argv) {
  const char config = Option(argc, argv, "--config")[0];
  const double seconds = atof(Option(argc, argv, "--seconds"));
  omp_set_num_threads(atoi(Option(argc, argv, "--threads")));
  if (strcmp(Option(argc, argv, "--dtype"), "fp32") != 0 || config < 'a' || config > 'c') {
    fprintf(stderr, "llmc_anchor: expected configuration a, b or c in fp32\n");
    return 2;
  }
  // layers, heads, width, context, batch, vocabulary
  static const int kShapes[3][6] = {{4, 4, 128, 64, 12, 256}, {6, 6, 384, 256, 16, 256}, {4, 4, 256, 256, 8, 4096}};
  const int* shape = kShapes[config - 'a'];
  const int T = shape[3], B = shape[4];
  GPT2 model;
  memset(&model, 0, sizeof model);
  model.config.max_seq_len = T;
  model.config.vocab_size = model.config.padded_vocab_size = shape[5];
  model.config.num_layers = shape[0];
  model.config.num_heads = shape[1];
  model.config.channels = shape[2];
  fill_in_parameter_sizes(model.param_sizes, model.config);
  for (int i = 0; i < NUM_PARAMETER_TENSORS; i++) model.num_parameters += model.param_sizes[i];
  model.params_memory = malloc_and_point_parameters(&model.params, model.param_sizes);
  // As llm.c's models are: weights small and random, biases 0, norms 1.
  float* parameter = model.params_memory;
  for (int i = 0; i < NUM_PARAMETER_TENSORS; i++) {
    float* const tensors[] = {model.params.ln1w,    model.params.ln2w,     model.params.lnfw, model.params.ln1b,
                              model.params.qkvb,    model.params.attprojb, model.params.ln2b, model.params.fcb,
                              model.params.fcprojb, model.params.lnfb};
    int constant = -1;
    for (int j = 0; j < 10; j++) {
      if (parameter == tensors[j]) constant = j < 3;
    }
    for (size_t j = 0; j < model.param_sizes[i]; j++) {
      *parameter++ = constant >= 0 ? (float)constant : 0.04f * ((float)rand() / (float)RAND_MAX - 0.5f);
    }
  }
  model.mean_loss = -1.0f;
  int* tokens = malloc(sizeof(int) * (size_t)(B * T + 1));
  for (int i = 0; i <= B * T; i++) tokens[i] = rand() % shape[5];

  // llm.c prints on standard output, where our line has to be alone.
  fflush(stdout);
  FILE* report = fdopen(dup(STDOUT_FILENO), "w");
  if (report == NULL || freopen("/dev/null", "w", stdout) == NULL) return 1;

  enum { kMost = 100000 };
  static double times[kMost];
  int steps = -2;  // two go before
  const double start = Now();
  while (steps < 5 || (Now() - start < seconds && steps < kMost)) {
    const double begin = Now();
    gpt2_forward(&model, tokens, tokens + 1, (size_t)B, (size_t)T);
    gpt2_zero_grad(&model);
    gpt2_backward(&model);
    gpt2_update(&model, 1e-3f, 0.9f, 0.99f, 1e-8f, 0.1f, steps + 3);
    if (steps >= 0) times[steps] = Now() - begin;
    steps++;
  }
  uint32_t loss;  // its bits: -ffast-math takes every comparison with a NaN for true
  memcpy(&loss, &model.mean_loss, sizeof loss);
  if (loss == 0 || loss >= 0x7f800000u) return 1;
  qsort(times, (size_t)steps, sizeof times[0], Later);
  fprintf(report, "{\"tokens_per_s\": %.1f, \"resident_mb\": %.1f}\n", B * T / times[steps / 2], ResidentMegabytes());
  return 0;
}
