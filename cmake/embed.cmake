# cllm_embed(OUTPUT FOLDER folder FILES a b...): in the current build folder, a source with these files of a folder, gzipped,
# as the `PageFiles()` of serve/page_files.h. With CMake alone, so that a build needs no other tool. Run as a script by the
# rule it makes.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(CLLM_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(cllm_embed output)
    cmake_parse_arguments(ARG "" "FOLDER" "FILES" ${ARGN})
    list(TRANSFORM ARG_FILES PREPEND ${ARG_FOLDER}/ OUTPUT_VARIABLE paths)
    add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${output}
      COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D FOLDER=${ARG_FOLDER} -D "FILES=${ARG_FILES}" -P ${CLLM_EMBED_SCRIPT}
      WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
      DEPENDS ${paths} ${CLLM_EMBED_SCRIPT} COMMENT "Packing the page" VERBATIM)
  endfunction()
  return()
endif()

set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  set(packed ${CMAKE_CURRENT_BINARY_DIR}/page_file.gz)
  file(ARCHIVE_CREATE OUTPUT ${packed} PATHS ${FOLDER}/${file} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  file(READ ${packed} bytes HEX)
  file(REMOVE ${packed})
  # Bytes 4 to 7 say when it was packed: without them, the same files make the same program.
  string(SUBSTRING "${bytes}" 0 8 head)
  string(SUBSTRING "${bytes}" 16 -1 tail)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${head}00000000${tail}")
  file(SHA256 ${FOLDER}/${file} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  file(SIZE ${FOLDER}/${file} size)
  string(APPEND arrays "constexpr unsigned char kFile${number}[] = {${bytes}};\n")
  string(APPEND rows "    {\"/${file}\", \"${hash}\", kFile${number}, ${size}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"serve/page_files.h\"

namespace cllm {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${rows}};

}  // namespace

std::span<const PageFile> PageFiles() { return kFiles; }

}  // namespace cllm
")
