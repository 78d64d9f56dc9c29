# SPDX-License-Identifier: MIT
# Every library comes from the system's packages; nothing is vendored.
option(STATIC_LIBRARIES
    "Link hiredis, llhttp, libuv and jansson statically, and offer packages by CPack" OFF)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.43)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

# In place of the shared library that pkg-config named.
function(link_statically module)
    find_library(${module}_STATIC_LIBRARY NAMES ${ARGN} HINTS ${${module}_LIBDIR} REQUIRED)
    set_target_properties(PkgConfig::${module} PROPERTIES INTERFACE_LINK_LIBRARIES
        "${${module}_STATIC_LIBRARY};Threads::Threads;${CMAKE_DL_LIBS}")
endfunction()

set(llhttp_names llhttp)
if(STATIC_LIBRARIES)
    link_statically(UV libuv_a.a libuv.a)
    link_statically(HIREDIS libhiredis.a)
    link_statically(JANSSON libjansson.a)
    set(llhttp_names libllhttp.a)
endif()

# llhttp is a library on newer systems; Debian 12 packages its C sources with Node.
find_library(LLHTTP_LIBRARY NAMES ${llhttp_names})
find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp /usr/include/llhttp)
if(NOT LLHTTP_INCLUDE)
    message(FATAL_ERROR "llhttp.h not found: install libllhttp-dev, or node-llhttp on Debian 12")
endif()
if(LLHTTP_LIBRARY)
    add_library(llhttp UNKNOWN IMPORTED)
    set_target_properties(llhttp PROPERTIES IMPORTED_LOCATION ${LLHTTP_LIBRARY})
    target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE})
else()
    file(GLOB LLHTTP_SOURCES /usr/share/llhttp/*.c)
    if(NOT LLHTTP_SOURCES)
        message(FATAL_ERROR "no llhttp library and no /usr/share/llhttp/*.c: install node-llhttp")
    endif()
    add_library(llhttp STATIC ${LLHTTP_SOURCES})
    target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
    target_compile_options(llhttp PRIVATE -w)
endif()

# Debian's libwslay-dev has no pkg-config file.
find_library(WSLAY_LIBRARY wslay)
find_path(WSLAY_INCLUDE wslay/wslay.h)
if(NOT WSLAY_LIBRARY OR NOT WSLAY_INCLUDE)
    message(FATAL_ERROR "wslay not found: install libwslay-dev")
endif()
add_library(wslay UNKNOWN IMPORTED)
set_target_properties(wslay PROPERTIES IMPORTED_LOCATION ${WSLAY_LIBRARY})
target_include_directories(wslay SYSTEM INTERFACE ${WSLAY_INCLUDE})
