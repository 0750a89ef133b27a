namespace cllm {}
