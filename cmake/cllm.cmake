# Build rules shared by every folder: one static library per source folder, whose headers are visible only to
# the libraries that link it, so an include of a higher floor does not compile.
include(CheckCXXCompilerFlag)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Bounds and invariants (CHECK) stay on in release; only <cassert> and DCHECK go.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
if(CLLM_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_library(cllm_flags INTERFACE)
target_compile_options(cllm_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # x86-64-v3 is the baseline; Highway asks for AES and PCLMUL beside AVX2, which all such processors have.
  set(CLLM_BASELINE -march=x86-64-v3 -maes -mpclmul)
  # One dispatch table: AVX2 and AVX-512. The rest would only cost compile time. What is built for a sanitizer runs on
  # this machine alone, and there the compiler needs minutes for AVX-512, so it is left out where it could not run.
  set(CLLM_DISABLED_TARGETS "HWY_SSSE3|HWY_SSE4|HWY_AVX3_DL")
  if(CLLM_SANITIZE AND EXISTS /proc/cpuinfo)
    file(STRINGS /proc/cpuinfo cllm_avx512 REGEX "^flags.* avx512bw" LIMIT_COUNT 1)
    if(NOT cllm_avx512)
      string(APPEND CLLM_DISABLED_TARGETS "|HWY_AVX3")
    endif()
  endif()
  target_compile_definitions(cllm_flags INTERFACE "HWY_DISABLED_TARGETS=(${CLLM_DISABLED_TARGETS})")
else()
  # Highway's NEON code is compiled with the crypto extension, of which we use no instruction.
  set(CLLM_BASELINE -march=armv8-a+crypto)
  target_compile_definitions(cllm_flags INTERFACE
    "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)")
endif()
# Clang's linker takes a fifth of the time, of which tests need much.
find_program(CLLM_LLD ld.lld)
if(CLLM_SANITIZE)
  target_compile_options(cllm_flags INTERFACE -fsanitize=${CLLM_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(cllm_flags INTERFACE -fsanitize=${CLLM_SANITIZE})
  if(CLLM_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(cllm_flags INTERFACE -fuse-ld=lld)
  endif()
endif()
if(CLLM_FUZZ)
  # Coverage for the fuzzer to steer by, and for the report of scripts/fuzz.
  target_compile_options(cllm_flags INTERFACE -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(cllm_flags INTERFACE -fprofile-instr-generate)
endif()
target_link_libraries(cllm_flags INTERFACE Threads::Threads)

# Rooms whose own code takes the time of the tests. For a sanitizer only these are optimized: in the others the compiler
# would take longer over it than the tests save.
set(CLLM_COMPUTING_ROOMS math kernels lattice spheres nn text model data infer train measure)

# Rooms that wait for a disk, the network or a person. To optimize them as the computing ones takes a third longer to build
# from nothing, and nobody sees it.
set(CLLM_WAITING_ROOMS terminal monitor store interop run report api serve app)

# With CMAKE_UNITY_BUILD the files of a room are compiled a dozen at a time and in less than half of the time, since most
# of it goes into headers that they share. Scripts use it, which build from nothing. Vector code, which includes itself
# once for each instruction set, is compiled by the file.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
set(CLLM_ROOMS_BY_THE_FILE math kernels)
if(CMAKE_UNITY_BUILD)
  # A file that is included by another may well keep its types to itself, whatever GCC says of headers; and the more it
  # sees at once, the more it warns falsely of values that were not set.
  target_compile_options(cllm_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage;-Wno-maybe-uninitialized>)
endif()

# cllm_shared_headers(name HEADERS <a> <b>... [OPTIONS flags...]): these headers, compiled once for all targets that take
# them with target_precompile_headers(... REUSE_FROM name) and have the same flags.
function(cllm_shared_headers name)
  cmake_parse_arguments(ARG "" "" "HEADERS;OPTIONS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Has something to compile the headers for.\n")
  add_library(${name} OBJECT ${source})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_link_libraries(${name} PRIVATE cllm_flags)
endfunction()

# Half of the time that a sanitized build takes is reading the same headers. A release build reads each file's own, so
# that a missing include is seen.
if(CLLM_SANITIZE)
  find_package(fmt REQUIRED)
  target_link_libraries(cllm_flags INTERFACE fmt::fmt)
  set(CLLM_SANITIZED_HEADERS <algorithm> <array> <atomic> <bit> <chrono> <cmath> <cstring> <filesystem> <fmt/format.h>
    <functional> <limits> <map> <memory> <nlohmann/json.hpp> <optional> <set> <span> <string> <thread> <variant> <vector>)
  cllm_shared_headers(computing_headers HEADERS ${CLLM_SANITIZED_HEADERS} OPTIONS ${CLLM_BASELINE})
  cllm_shared_headers(room_headers HEADERS ${CLLM_SANITIZED_HEADERS} OPTIONS ${CLLM_BASELINE} -O0)
endif()

# The rooms go into the program and into the shared library (src/api), compiled once for both: position independent, and
# hidden, so that a call within them costs what it costs in a program. What is built for a sanitizer or a fuzzer has no
# shared library.
if(NOT CLLM_SANITIZE AND NOT CLLM_FUZZ)
  set(CLLM_SHARED ON)
endif()

# cllm_library(name SOURCES a.cc b.cc DEPENDS lower_layers... LIBRARIES external...)
# REQUIRES: called from src/<name>/CMakeLists.txt. Headers are included as "<name>/x.h".
function(cllm_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  foreach(room IN LISTS ARG_DEPENDS)
    if(NOT TARGET ${room})
      message(FATAL_ERROR "src/${name} depends on ${room}, expected rooms of lower floors only (src/FLOORS)")
    endif()
  endforeach()
  set(view ${CMAKE_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${view}/${name} SYMBOLIC)
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${view})
  target_compile_options(${name} PRIVATE ${CLLM_BASELINE})
  if(CLLM_SANITIZE AND name IN_LIST CLLM_COMPUTING_ROOMS)
    target_precompile_headers(${name} REUSE_FROM computing_headers)
  elseif(CLLM_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} REUSE_FROM room_headers)
  endif()
  if(NOT CLLM_SANITIZE AND name IN_LIST CLLM_WAITING_ROOMS)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(name IN_LIST CLLM_ROOMS_BY_THE_FILE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  target_link_libraries(${name} PUBLIC cllm_flags ${ARG_DEPENDS} PRIVATE ${ARG_LIBRARIES})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME cllm_${name})
  if(CLLM_SHARED)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
      VISIBILITY_INLINES_HIDDEN ON)
  endif()
endfunction()

# cllm_testing_library(name SOURCES a.cc... DEPENDS libraries...): what only tests link of src/<name>/testing (fixtures,
# failing disks, reference twins), as the library <name>_testing; included as "<name>/testing/x.h". Without sources it is
# headers only.
function(cllm_testing_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name}_testing STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
    target_compile_options(${name}_testing PRIVATE ${CLLM_BASELINE})
    target_link_libraries(${name}_testing PUBLIC ${name} ${ARG_DEPENDS})
  else()
    add_library(${name}_testing INTERFACE)
    target_link_libraries(${name}_testing INTERFACE ${name} ${ARG_DEPENDS})
  endif()
endfunction()

# Tests are compiled more often than they run; for a sanitizer, optimizing them takes as long as all else. GCC 12 warns
# falsely about std::string and std::regex.
#
# Tests that sweep over many inputs take their number divided by CLLM_SWEEP_DIVISOR: all of them in a release build, whose
# business the values are; a sixteenth for a sanitizer, which watches the lines of the code.
if(CLLM_SANITIZE)
  set(CLLM_SWEEP_DIVISOR 16)
else()
  set(CLLM_SWEEP_DIVISOR 1)
endif()
set(CLLM_TEST_OPTIONS ${CLLM_BASELINE} -O0 $<$<CONFIG:Release>:-g0> -DCLLM_SWEEP_DIVISOR=${CLLM_SWEEP_DIVISOR}
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds;-Wno-maybe-uninitialized>)
# In a release build the twins of what computes are swept over so many inputs that it pays to optimize them.
set(CLLM_SWEEPING_TESTS math kernels lattice nn model infer)
if(CLLM_SANITIZE)
  set(CLLM_SWEEPING_TESTS)
endif()

# cllm_test_headers(): the headers of GoogleTest, compiled once for the tests of all rooms.
function(cllm_test_headers)
  cllm_shared_headers(test_headers HEADERS <gmock/gmock.h> <gtest/gtest.h> ${CLLM_SANITIZED_HEADERS}
    OPTIONS ${CLLM_TEST_OPTIONS})
  target_link_libraries(test_headers PRIVATE GTest::gmock)
  if(CLLM_SWEEPING_TESTS)
    cllm_shared_headers(sweeping_test_headers HEADERS <gmock/gmock.h> <gtest/gtest.h>
      OPTIONS ${CLLM_TEST_OPTIONS} -O1)
    target_link_libraries(sweeping_test_headers PRIVATE GTest::gmock)
  endif()
endfunction()

# cllm_register_tests(target label): the tests of a GoogleTest binary, one process each. For a sanitizer four processes share
# them: there the start of a process takes longer than most tests, and what a test leaves behind meets the next one.
function(cllm_register_tests target label)
  if(CLLM_SANITIZE)
    foreach(shard RANGE 3)
      add_test(NAME ${target}.${shard} COMMAND ${target})
      set_tests_properties(${target}.${shard} PROPERTIES TIMEOUT 1800 LABELS ${label}
        ENVIRONMENT "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${shard};GTEST_BRIEF=1")
    endforeach()
  else()
    include(GoogleTest)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600 LABELS ${label})
  endif()
endfunction()

# cllm_test(name SOURCES x_test.cc... LIBRARIES testing libraries and external ones...): one GoogleTest binary per
# folder, named <name>_test.
function(cllm_test name)
  if(NOT CLLM_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_compile_options(${name}_test PRIVATE ${CLLM_TEST_OPTIONS})
  if(name IN_LIST CLLM_SWEEPING_TESTS)
    target_compile_options(${name}_test PRIVATE -O1)
    target_precompile_headers(${name}_test REUSE_FROM sweeping_test_headers)
  else()
    target_precompile_headers(${name}_test REUSE_FROM test_headers)
  endif()
  if(name IN_LIST CLLM_ROOMS_BY_THE_FILE)
    set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
  endif()
  target_link_libraries(${name}_test PRIVATE ${name} ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  if(CLLM_LLD)
    target_link_options(${name}_test PRIVATE -fuse-ld=lld)
  endif()
  cllm_register_tests(${name}_test ${name})
endfunction()
