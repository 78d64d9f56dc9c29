# SPDX-License-Identifier: MIT
# The browser bundles of socket.io-client 2 and 4, fetched from npm by config/bundles.sh and linked
# into the server.  A build without them works; the server then says what is missing.
set(BUNDLES_DIR ${CMAKE_BINARY_DIR}/bundles CACHE PATH
    "Folder with v2/ and v4/: socket.io.js, its map, and version")
option(FETCH_BUNDLES "Fetch missing browser bundles with npm" ON)

function(target_bundles target)
    if(FETCH_BUNDLES AND NOT EXISTS ${BUNDLES_DIR}/v4/version)
        execute_process(COMMAND sh ${CMAKE_SOURCE_DIR}/config/bundles.sh ${BUNDLES_DIR}
            RESULT_VARIABLE failed)
        if(failed)
            message(WARNING "building without the browser clients (socket.io.js)")
        endif()
    endif()

    # One object with every file that is there; symbols pages_bundle_<generation>_<name>.
    set(demo ${CMAKE_SOURCE_DIR}/src/pages/demo.html)
    # cet.h has the note that the compiler adds to what it makes of C.
    set(assembly "/* SPDX-License-Identifier: MIT */\n#ifdef __CET__\n#include <cet.h>\n#endif\n.section .rodata\n"
        ".global bundle_demo_html\n.global bundle_demo_html_end\n"
        "bundle_demo_html: .incbin \"${demo}\"\nbundle_demo_html_end: .byte 0\n")
    string(CONCAT assembly ${assembly})
    set(table "")
    set(inputs ${demo})
    foreach(generation v2 v4)
        if(NOT EXISTS ${BUNDLES_DIR}/${generation}/version)
            continue()
        endif()
        file(STRINGS ${BUNDLES_DIR}/${generation}/version version LIMIT_COUNT 1)
        foreach(file socket.io.js socket.io.js.map socket.io.min.js socket.io.min.js.map)
            set(path ${BUNDLES_DIR}/${generation}/${file})
            if(NOT EXISTS ${path})
                continue()
            endif()
            string(MAKE_C_IDENTIFIER "bundle_${generation}_${file}" symbol)
            string(APPEND assembly ".global ${symbol}\n.global ${symbol}_end\n"
                "${symbol}: .incbin \"${path}\"\n${symbol}_end: .byte 0\n")
            string(APPEND table "BUNDLE(${symbol}, \"${generation}\", \"${file}\", \"${version}\")\n")
            list(APPEND inputs ${path})
        endforeach()
    endforeach()
    string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")

    set(generated ${CMAKE_BINARY_DIR}/generated)
    file(CONFIGURE OUTPUT ${generated}/bundles.S CONTENT "${assembly}" @ONLY)
    file(CONFIGURE OUTPUT ${generated}/bundles.def CONTENT "${table}" @ONLY)
    set_source_files_properties(${generated}/bundles.S PROPERTIES OBJECT_DEPENDS "${inputs}")
    target_sources(${target} PRIVATE ${generated}/bundles.S)
    target_include_directories(${target} PRIVATE ${generated})
endfunction()
