# SPDX-License-Identifier: MIT
# `cpack -G DEB`: one package for Debian 12 and 13 and for Ubuntu 22.04 and 24.04.  It asks for no
# more than these have in common, so it must be built where the C library is 2.36 or older.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
    message(WARNING "no package: configure with -DCMAKE_INSTALL_PREFIX=/usr")
    return()
endif()
foreach(generation v2 v4)
    if(NOT EXISTS ${BUNDLES_DIR}/${generation}/version)
        message(WARNING "no package: the browser clients are missing in ${BUNDLES_DIR}")
        return()
    endif()
endforeach()

set(debian ${CMAKE_SOURCE_DIR}/config/debian)
install(FILES ${debian}/echo-server.json DESTINATION /etc/echo-server)
install(FILES ${debian}/copyright DESTINATION ${doc})
install_compressed(${debian}/changelog changelog.Debian ${doc})

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME echo-server)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "echo-server")
set(CPACK_PACKAGE_CONTACT "echo-server <echo-server@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "adduser, libc6 (>= 2.35), libssl3 | libssl3t64, libwslay1, zlib1g (>= 1:1.2.11)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-server, nginx")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "It takes the events that a Laravel application publishes, by Redis or HTTP, and
delivers each to every browser that subscribed to its channel. It replaces
laravel-echo-server without a change to the application, its configuration or
its deploy script, and speaks Socket.IO 2, 3 and 4 on one port.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm
    ${debian}/postrm)
include(CPack)
