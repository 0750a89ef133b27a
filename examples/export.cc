// Writes a model for llama.cpp and reads it back as a check:  export MODEL book.gguf
#include <cllm/cllm.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: export MODEL FILE.gguf\n", 2;
  const auto written = cllm::Export(argv[1], {.type = cllm::NumberType::kQ8_0, .out = argv[2], .verify = true});
  if (!written) return std::cerr << written.error().message << "\n", 1;
  std::cout << written->path << ": " << written->bytes << " bytes, logits differ by at most "
            << written->largest_difference << "\n";
}
