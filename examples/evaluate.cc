// Which model predicts a text best:  evaluate TEXT MODEL...
#include <cllm/cllm.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: evaluate TEXT MODEL...\n", 2;
  for (int i = 2; i < argc; ++i) {
    const auto model = cllm::Model::Open(argv[i]);
    if (!model) return std::cerr << model.error().message << "\n", 1;
    const auto evaluation = model->Evaluate({.files = {argv[1]}});
    if (!evaluation) return std::cerr << evaluation.error().message << "\n", 1;
    std::cout << argv[i] << ": " << evaluation->bits_per_byte << " bits per byte\n";
  }
}
