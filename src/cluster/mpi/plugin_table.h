#pragma once

// What the plugin for an MPI library offers: a table of C functions, so that the program itself is not linked with MPI,
// starts without it, and can tell a library that is missing. mpi.h is known to mpi/plugin.cc alone.
extern "C" {

// Raised whenever anything below changes: a plugin of another build is refused.
inline constexpr int kCllmMpiForm = 1;

struct CllmMpiSession;

// All functions are called by one thread.
struct CllmMpiTable {
  int form;
  // MPI_Init_thread and what follows. Null, with *error a text that stays, where it failed.
  CllmMpiSession* (*start)(const char** error);
  int (*rank)(const CllmMpiSession* session);
  int (*count)(const CllmMpiSession* session);
  const char* (*version)(const CllmMpiSession* session);  // "Open MPI 4.1.4"
  const char* (*host)(const CllmMpiSession* session, int rank);
  // Begin to move a piece and name it by a number that is small and free again when poll has told of it.
  int (*send)(CllmMpiSession* session, int to, int channel, const void* piece, int bytes);
  int (*receive)(CllmMpiSession* session, int from, int channel, void* piece, int room);
  // How many pieces are over: their numbers and bytes, `most` at most. -1: an error, told by `error`.
  int (*poll)(CllmMpiSession* session, int* pieces, int* bytes, int most);
  const char* (*error)(const CllmMpiSession* session);
  void (*abort)(CllmMpiSession* session, int code);
  // Ends MPI, if nothing is on its way (else the launcher is told nothing, and ends the others), and the session.
  void (*finish)(CllmMpiSession* session);
};

// The one symbol of a plugin.
#define CLLM_MPI_PLUGIN_SYMBOL "cllm_mpi_plugin"
using CllmMpiPlugin = const CllmMpiTable* (*)();

}  // extern "C"
