// Continues each line of standard input, all of them decoded together:  batch MODEL < prompts.txt
#include <cllm/cllm.h>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: batch MODEL < PROMPTS\n", 2;
  std::vector<std::string> prompts;
  for (std::string line; std::getline(std::cin, line);) prompts.push_back(line);

  const auto model = cllm::Model::Open(argv[1]);
  if (!model) return std::cerr << model.error().message << "\n", 1;
  auto generator = cllm::Generator::Start(*model);
  if (!generator) return std::cerr << generator.error().message << "\n", 1;
  const auto texts = generator->GenerateAll(prompts, {.tokens = 40, .stops = {"\n"}});
  if (!texts) return std::cerr << texts.error().message << "\n", 1;
  for (size_t i = 0; i < prompts.size(); ++i) std::cout << prompts[i] << (*texts)[i].text << "\n";
}
