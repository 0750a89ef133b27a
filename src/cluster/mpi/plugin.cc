// The plugin libcllm_openmpi.so: the only file that knows mpi.h.
#define OMPI_SKIP_MPICXX 1  // the C interface alone
#include <mpi.h>

#include <string>
#include <vector>

#include "cluster/mpi/plugin_table.h"

struct CllmMpiSession {
  MPI_Comm ranks = MPI_COMM_NULL;
  int rank = 0, count = 1;
  std::string version, error;
  std::vector<char> hosts;            // [count, MPI_MAX_PROCESSOR_NAME]
  std::vector<MPI_Request> requests;  // by number; MPI_REQUEST_NULL where it is free
  std::vector<char> incoming;         // by number
  std::vector<int> free, over;
  std::vector<MPI_Status> statuses;
};

namespace {

std::string ErrorText(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return "unknown error of MPI";
  return {text, static_cast<size_t>(length)};
}

// "Open MPI v4.1.4, package: ...", "MPICH Version: 4.0.2 ...": the name and the number.
std::string LibraryVersion() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return "MPI";
  std::string version(text, static_cast<size_t>(length));
  version = version.substr(0, version.find_first_of(",\n"));
  if (const size_t at = version.find(" v"); at != std::string::npos) version.erase(at + 1, 1);
  return version;
}

// Keeps the first error until poll tells it.
void Note(CllmMpiSession* session, int code) {
  if (code != MPI_SUCCESS && session->error.empty()) session->error = ErrorText(code);
}

int Begin(CllmMpiSession* session, MPI_Request request, bool incoming) {
  if (session->free.empty()) {
    session->free.push_back(static_cast<int>(session->requests.size()));
    session->requests.push_back(MPI_REQUEST_NULL);
    session->incoming.push_back(0);
  }
  const int number = session->free.back();
  session->free.pop_back();
  session->requests[static_cast<size_t>(number)] = request;
  session->incoming[static_cast<size_t>(number)] = incoming ? 1 : 0;
  return number;
}

bool Join(CllmMpiSession* session) {
  for (const int code :
       {MPI_Comm_dup(MPI_COMM_WORLD, &session->ranks), MPI_Comm_set_errhandler(session->ranks, MPI_ERRORS_RETURN),
        MPI_Comm_rank(session->ranks, &session->rank), MPI_Comm_size(session->ranks, &session->count)}) {
    Note(session, code);
  }
  char name[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  Note(session, MPI_Get_processor_name(name, &length));
  session->hosts.resize(static_cast<size_t>(session->count) * MPI_MAX_PROCESSOR_NAME);
  Note(session, MPI_Allgather(name, MPI_MAX_PROCESSOR_NAME, MPI_CHAR, session->hosts.data(), MPI_MAX_PROCESSOR_NAME,
                              MPI_CHAR, session->ranks));
  session->version = LibraryVersion();
  return session->error.empty();
}

CllmMpiSession* Start(const char** error) {
  static std::string told;  // stays for who asks
  int level = 0;
  // One thread at a time calls MPI, which need not be the one that loaded it.
  if (const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level); code != MPI_SUCCESS) {
    told = ErrorText(code);
  } else if (level < MPI_THREAD_SERIALIZED) {
    told = "this library of MPI serves programs of one thread only";
  } else if (auto* session = new CllmMpiSession; Join(session)) {
    return session;
  } else {
    told = session->error;
    delete session;
  }
  *error = told.c_str();
  return nullptr;
}

int Send(CllmMpiSession* session, int to, int channel, const void* piece, int bytes) {
  MPI_Request request = MPI_REQUEST_NULL;
  Note(session, MPI_Isend(piece, bytes, MPI_BYTE, to, channel, session->ranks, &request));
  return Begin(session, request, false);
}

int Receive(CllmMpiSession* session, int from, int channel, void* piece, int room) {
  MPI_Request request = MPI_REQUEST_NULL;
  Note(session, MPI_Irecv(piece, room, MPI_BYTE, from, channel, session->ranks, &request));
  return Begin(session, request, true);
}

int Poll(CllmMpiSession* session, int* pieces, int* bytes, int most) {
  if (!session->error.empty()) return -1;
  const int known = static_cast<int>(session->requests.size());
  session->over.resize(session->requests.size());
  session->statuses.resize(session->requests.size());
  int done = MPI_UNDEFINED;
  if (known > 0) {
    const int code =
        MPI_Testsome(known, session->requests.data(), &done, session->over.data(), session->statuses.data());
    if (code != MPI_SUCCESS) {
      Note(session, code);
      for (int i = 0; code == MPI_ERR_IN_STATUS && i < done; ++i) {
        const int own = session->statuses[static_cast<size_t>(i)].MPI_ERROR;
        if (own != MPI_SUCCESS) session->error = ErrorText(own);
      }
      return -1;
    }
  }
  if (done == MPI_UNDEFINED) {
    // Nothing awaited; what the library holds of messages that are over for us moves on all the same.
    int waiting = 0;
    Note(session, MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, session->ranks, &waiting, MPI_STATUS_IGNORE));
    return session->error.empty() ? 0 : -1;
  }
  if (done > most) {
    session->error = "more pieces are over than were on their way";
    return -1;
  }
  for (int i = 0; i < done; ++i) {
    const size_t number = static_cast<size_t>(session->over[static_cast<size_t>(i)]);
    pieces[i] = static_cast<int>(number);
    bytes[i] = 0;
    if (session->incoming[number])
      Note(session, MPI_Get_count(&session->statuses[static_cast<size_t>(i)], MPI_BYTE, &bytes[i]));
    session->free.push_back(static_cast<int>(number));
  }
  return done;
}

void Finish(CllmMpiSession* session) {
  bool unsent = false;
  for (size_t i = 0; i < session->requests.size(); ++i) {
    if (session->requests[i] == MPI_REQUEST_NULL) continue;
    if (session->incoming[i] == 0) unsent = true;
    if (session->incoming[i] != 0) {
      MPI_Cancel(&session->requests[i]);
      MPI_Request_free(&session->requests[i]);
    }
  }
  if (!unsent) {
    MPI_Comm_free(&session->ranks);
    MPI_Finalize();
  }
  delete session;
}

const CllmMpiTable kTable = {
    .form = kCllmMpiForm,
    .start = Start,
    .rank = [](const CllmMpiSession* session) { return session->rank; },
    .count = [](const CllmMpiSession* session) { return session->count; },
    .version = [](const CllmMpiSession* session) { return session->version.c_str(); },
    .host =
        [](const CllmMpiSession* session, int rank) {
          return static_cast<const char*>(session->hosts.data() + static_cast<size_t>(rank) * MPI_MAX_PROCESSOR_NAME);
        },
    .send = Send,
    .receive = Receive,
    .poll = Poll,
    .error = [](const CllmMpiSession* session) { return session->error.c_str(); },
    .abort = [](CllmMpiSession* session, int code) { MPI_Abort(session->ranks, code); },
    .finish = Finish,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const CllmMpiTable* cllm_mpi_plugin() { return &kTable; }
