#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "app/arguments/command_line.h"
#include "app/arguments/help_text.h"
#include "app/bench_output.h"
#include "app/bench_scaling.h"
#include "app/command.h"
#include "app/command_table.h"
#include "app/console.h"
#include "app/messages.h"
#include "measure/generation_bench.h"
#include "measure/kernels_bench.h"
#include "measure/lattice_bench.h"
#include "measure/measure.h"
#include "measure/peer_decoding.h"
#include "measure/peers_bench.h"
#include "measure/training_bench.h"
#include "model/weights.h"
#include "run/resources.h"
#include "run/text_preparation.h"
#include "spheres/spheres.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxRounds = 1000;
constexpr char kConfigHelp[] = "configurations a, b, c of docs/performance.md, separated by commas";

Outcome Kernels(const Arguments& arguments) {
  CommandLine line(
      "bench kernels",
      "Each kernel on one thread: checked against its reference, then timed beside the machine's own peak.",
      "cllm bench kernels\n  cllm bench kernels gradient --rounds 15");
  measure::KernelOptions options;
  bool json = false;
  line.AddText("NAME", options.part, "only kernels whose name holds this");
  line.AddWhole("--rounds", options.rounds, measure::kMinRounds, kMaxRounds,
                "measurements of each; the median counts [7]");
  line.AddFlag("--json", json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const measure::Findings findings, measure::BenchKernels(options));
  PrintFindings("kernels", findings, json);
  return {};
}

std::string Joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ",")); }

Outcome Train(const Arguments& arguments) {
  CommandLine line("bench train", "Whole training steps: tokens per second, share of peak, time by phase.",
                   "cllm bench train --config b --threads 2\n  cllm bench train --sweep context --threads 2");
  std::string config = "a,b,c", sweep, precision = Joined(measure::Precisions()), optimizer = "adamw", threads = "1,2";
  measure::TrainingOptions options;
  bool json = false;
  line.AddText("--config LIST", config, fmt::format("{} [{}]", kConfigHelp, config));
  line.AddText("--sweep WORD", sweep,
               "instead: configuration c with a growing context, vocabulary, width or parameters");
  line.AddText("--precision LIST", precision, fmt::format("precisions [{}]", precision));
  line.AddText("--optimizer LIST", optimizer, "optimizers: adamw, as the peers have it, and muon [adamw]");
  line.AddText("--threads LIST", threads, "numbers of worker threads [1,2]");
  line.AddReal("--seconds", options.seconds, 0.01, 3600, "of each row, about; a round is one step at least [5]");
  line.AddWhole("--rounds", options.rounds, measure::kMinRounds, kMaxRounds,
                "measurements of each; the median counts [5]");
  line.AddFlag("--json", json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (sweep.empty()) {
    CLLM_ASSIGN(options.configurations, measure::FindConfigurations(config));
  } else {
    CLLM_ASSIGN(options.configurations, measure::Sweep(sweep));
  }
  CLLM_ASSIGN(options.precisions, measure::SplitList("precision", precision));
  CLLM_ASSIGN(options.optimizers, measure::SplitList("optimizer", optimizer));
  CLLM_ASSIGN(options.threads, measure::SplitCounts("threads", threads, kMaxLeaves));
  CLLM_ASSIGN(const measure::Findings findings, measure::BenchTraining(options));
  PrintFindings("train", findings, json);
  return {};
}

Outcome Generation(const Arguments& arguments) {
  CommandLine line("bench generate",
                   "Generation, of one sequence or several together, against what the machine allows.",
                   "cllm bench generate --config b --sequences 1,16 --threads 1,2");
  std::string config = "b", weights = Joined(StorageNames()), sequences = "1", threads = "1";
  measure::GenerationOptions options;
  bool json = false;
  line.AddText("--config LIST", config, fmt::format("{} [b]", kConfigHelp));
  line.AddText("--weights LIST", weights, fmt::format("how the matrices are kept [{}]", weights));
  line.AddText("--sequences LIST", sequences, "sequences decoded together, such as 1,4,16 [1]");
  line.AddText("--threads LIST", threads, "worker threads, such as 1,2 [1]");
  line.AddWhole("-n,--tokens", options.tokens, 1, 65536, "tokens of a sequence in a round, at most the context [128]");
  line.AddWhole("--rounds", options.rounds, measure::kMinRounds, kMaxRounds,
                "measurements of each; the median counts [5]");
  line.AddFlag("--json", json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(options.configurations, measure::FindConfigurations(config));
  CLLM_ASSIGN(options.weights, measure::SplitList("weights", weights));
  CLLM_ASSIGN(options.sequences, measure::SplitCounts("sequences", sequences, 4096));
  CLLM_ASSIGN(options.threads, measure::SplitCounts("threads", threads, kMaxLeaves));
  CLLM_ASSIGN(const measure::Findings findings, measure::BenchGeneration(options));
  PrintFindings("generate", findings, json);
  return {};
}

// The tokenizer of a text and the tokens of its training part, kMostTokens at most.
struct TokenizedText {
  Tokenizer tokenizer;
  std::vector<uint32_t> tokens;
};
Result<TokenizedText> TokenizeFor(const RunChoices& choices, const std::string& tokenizer_spec) {
  constexpr size_t kMostTokens = size_t{1} << 22;
  const size_t threads = UsableCores();
  CLLM_TRY(ParseTokenizerSpec(tokenizer_spec));  // no directory
  ConsoleObserver console(ChooseConsoleStyle(false));
  CLLM_ASSIGN(const SplitText text, OpenText(TextOf(choices), console));
  CLLM_ASSIGN(Tokenizer tokenizer, MakeTokenizer(tokenizer_spec, text, threads, console));
  CLLM_ASSIGN(const PreparedCorpus corpus, PrepareText(text, tokenizer, threads, console));
  if (corpus.training().size() < measure::kMinLatticeTokens) {
    return BadInput(fmt::format("{}: {} tokens in the first nine tenths, expected at least {}", text.Name(),
                                corpus.training().size(), measure::kMinLatticeTokens));
  }
  std::vector<uint32_t> tokens(std::min(kMostTokens, corpus.training().size()));
  CLLM_TRY(corpus.training().Read(0, tokens));
  return TokenizedText{std::move(tokenizer), std::move(tokens)};
}

Outcome Lattice(const Arguments& arguments) {
  CommandLine line("bench lattice",
                   "What a pair of tokens costs by GCD and by dot product, and what the order of ids does to reading.",
                   "cllm bench lattice book.txt\n  cllm bench lattice book.txt --tokenizer bpe:16384 --width 256");
  std::vector<std::string> paths;
  std::string tokenizer = "bpe:4096", widths = "64,128,256,384,512,1024";
  measure::LatticeOptions options;
  bool json = false;
  line.AddRequiredTexts("TEXT", paths, "text files, directories or globs; '-' is standard input");
  line.AddReadingOptions("as train");
  line.AddText("--tokenizer bytes|bpe:N", tokenizer,
               fmt::format("bytes or bpe:N, learned from the text [{}]", tokenizer));
  line.AddText("--width LIST", widths, fmt::format("widths of the embedding [{}]", widths));
  line.AddWhole("--rounds", options.rounds, measure::kMinRounds, kMaxRounds,
                "measurements of each; the median counts [5]");
  line.AddFlag("--json", json, "the results as JSON, one object a line: pairs, id orders");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(options.widths, measure::SplitCounts("width", widths, 65536));
  RunChoices choices;
  CLLM_TRY(line.Apply(choices));
  choices.text = paths;
  CLLM_TRY(CheckChoices(choices));
  CLLM_ASSIGN(const TokenizedText text, TokenizeFor(choices, tokenizer));
  const TokenLattice& lattice = text.tokenizer.lattice();
  CLLM_ASSIGN(const measure::Findings pairs, measure::BenchPairs(lattice, text.tokens, options));
  PrintFindings("lattice: pairs", pairs, json);
  CLLM_ASSIGN(const measure::Findings orders, measure::BenchIdOrders(lattice, text.tokens, kByteVocabulary, options));
  PrintFindings("lattice: id orders", orders, json);
  return {};
}

Outcome PeersSideBySide(const Arguments& arguments) {
  CommandLine line("bench peers",
                   "Training, decoding and matrix products beside other libraries, in alternation; scripts/bench-peers "
                   "gets them and "
                   "calls this.",
                   "scripts/bench-peers --config b --threads 2");
  std::string path = "build/peers/peers.json", config = "a,b,c", precision = Joined(measure::Precisions()),
              threads = "2", models = Joined(measure::DecodedShapes()), weights = "f32,q8_0", decoders = "1,2";
  measure::PeerOptions options;
  measure::PeerDecodingOptions decoding;
  uint64_t product_rounds = 11;
  bool json = false;
  line.AddText("--peers FILE", path, fmt::format("the list that scripts/bench-peers made [{}]", path));
  line.AddText("--config LIST", config, fmt::format("{} [{}]", kConfigHelp, config));
  line.AddText("--precision LIST", precision, fmt::format("precisions [{}]", precision));
  line.AddText("--threads LIST", threads, "numbers of threads of training [2]");
  line.AddReal("--seconds", options.seconds, 0.1, 3600, "of each measurement [4]");
  line.AddWhole("--rounds", options.rounds, measure::kMinRounds, kMaxRounds,
                "pairs of measurements of training and decoding [5]");
  line.AddWhole("--product-rounds", product_rounds, measure::kMinRounds, kMaxRounds, "pairs of a matrix product [11]");
  line.AddText("--models LIST", models, fmt::format("models that are decoded [{}]", models));
  line.AddText("--weights LIST", weights, fmt::format("how their weights are stored: f32, q8_0 [{}]", weights));
  line.AddText("--decoding-threads LIST", decoders, fmt::format("numbers of threads of decoding [{}]", decoders));
  line.AddFlag("--json", json, "the results as JSON, one object a line: products, decoding, training");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_TRY(measure::FindConfigurations(config));
  CLLM_ASSIGN(options.configurations, measure::SplitList("config", config));
  CLLM_ASSIGN(options.precisions, measure::SplitList("precision", precision));
  CLLM_ASSIGN(options.threads, measure::SplitCounts("threads", threads, kMaxLeaves));
  CLLM_ASSIGN(decoding.models, measure::SplitList("models", models));
  CLLM_ASSIGN(decoding.weights, measure::SplitList("weights", weights));
  CLLM_ASSIGN(decoding.threads, measure::SplitCounts("decoding-threads", decoders, kMaxLeaves));
  decoding.rounds = options.rounds;
  CLLM_ASSIGN(const measure::Peers peers, measure::ReadPeers(path));
  for (const std::string& sentence : peers.missing) PrintNote(sentence);
  if (!peers.products.empty()) {
    PrintFindings("peers: products", measure::BenchPeerProducts(peers, product_rounds), json);
  }
  if (!peers.decoding.empty()) {
    CLLM_ASSIGN(const measure::Findings decoded, measure::BenchPeerDecoding(peers, decoding));
    PrintFindings("peers: decoding", decoded, json);
  }
  if (peers.training.empty()) return {};
  CLLM_ASSIGN(const measure::Findings training, measure::BenchPeerTraining(peers, "/proc/self/exe", options));
  PrintFindings("peers: training", training, json);
  return {};
}

constexpr Command kBenches[] = {
    {"kernels", "each kernel against its reference and the machine's peak", Kernels},
    {"train", "whole training steps: tokens per second, share of peak, time by phase", Train},
    {"scaling", "the same training on different numbers of threads, as a report", BenchScaling},
    {"lattice", "pairs of tokens by GCD and by dot product; the order of ids", Lattice},
    {"generate", "generation against what the machine allows", Generation},
    {"peers", "training, decoding and matrix products beside other libraries", PeersSideBySide},
};

}  // namespace

std::span<const Command> Benchmarks() { return kBenches; }

Outcome BenchCommand(const Arguments& arguments) {
  if (arguments.words.empty() || arguments.words[0] == "--help" || arguments.words[0] == "-h") {
    PrintHelp(BenchmarksText());
    return arguments.words.empty() ? Outcome(Usage("no benchmark named")) : Outcome();
  }
  if (arguments.words[0] == "--version" || arguments.words[0] == "-V") return VersionCommand({});
  return RunNamed(kBenches, "benchmark", "cllm bench --help", arguments.words);
}

}  // namespace cllm
