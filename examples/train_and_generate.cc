// Trains a model on a text and continues a prompt with it:  train_and_generate book.txt "Once upon" [STEPS]
#include <cllm/cllm.h>

#include <cstdlib>
#include <iostream>
#include <variant>

int Fail(const cllm::Error& error) {
  std::cerr << error.message << "\n";
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 3) return Fail({cllm::ErrorKind::kBadOption, "usage: train_and_generate TEXT PROMPT [STEPS]"});
  cllm::TrainOptions options{.text = {.files = {argv[1]}}};
  if (argc > 3) options.steps = std::strtoull(argv[3], nullptr, 10);  // else ten minutes of this machine

  const auto run = cllm::Train(options, {.on_event = [](const cllm::Event& event) {
    if (const auto* evaluated = std::get_if<cllm::Evaluated>(&event)) {
      std::cerr << "step " << evaluated->step << ": " << evaluated->bits_per_byte << " bits per byte\n";
    }
    return cllm::Next::kGoOn;
  }});
  if (!run) return Fail(run.error());

  const auto model = cllm::Model::Open(run->directory);
  if (!model) return Fail(model.error());
  auto generator = cllm::Generator::Start(*model);
  if (!generator) return Fail(generator.error());
  const auto text = generator->Generate(argv[2], {.tokens = 100}, [](const cllm::Piece& piece) {
    std::cout << piece.text << std::flush;
    return cllm::Next::kGoOn;
  });
  if (!text) return Fail(text.error());
  std::cout << "\n";
}
