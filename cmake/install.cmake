# cmake --install: the program with its manual page, the library with its headers and its package (find_package(cllm)),
# which is found in the build tree as well. All of it may be moved.
if(NOT CLLM_SHARED)
  return()
endif()
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(page ${CMAKE_BINARY_DIR}/cllm.1)
add_custom_command(OUTPUT ${page} COMMAND cllm help --man > ${page} DEPENDS cllm VERBATIM)
add_custom_target(manual_page ALL DEPENDS ${page})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/cllm)
install(TARGETS cllm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(TARGETS libcllm EXPORT cllm LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/cllm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT cllm NAMESPACE cllm:: FILE cllm-targets.cmake DESTINATION ${package})
export(EXPORT cllm NAMESPACE cllm:: FILE ${CMAKE_BINARY_DIR}/cllm-targets.cmake)

configure_file(${CMAKE_SOURCE_DIR}/cmake/cllm-config.cmake.in ${CMAKE_BINARY_DIR}/cllm-config.cmake @ONLY)
# Before 1.0 a minor version may change what programs were compiled against.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cllm-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cllm-config.cmake ${CMAKE_BINARY_DIR}/cllm-config-version.cmake
        DESTINATION ${package})
