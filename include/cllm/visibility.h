#pragma once

// What the shared library shows: everything that these headers declare, nothing else.
#define CLLM_API __attribute__((visibility("default")))
