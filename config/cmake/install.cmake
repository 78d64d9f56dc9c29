# SPDX-License-Identifier: MIT
# `cmake --install BUILD [--prefix P]`: the program, its units, its manual and what to copy from.  The
# configuration itself is for packages, and for the administrator.
include(GNUInstallDirs)

set(doc ${CMAKE_INSTALL_DATADIR}/doc/echo-server)

install(TARGETS echo-server RUNTIME DESTINATION bin)

# The units name the program by the prefix that holds at the time of the installation.
install(CODE "
    foreach(unit echo-server.service echo-server@.service)
        file(READ \"${CMAKE_SOURCE_DIR}/config/\${unit}\" text)
        string(REPLACE /usr/bin/echo-server \"\${CMAKE_INSTALL_PREFIX}/bin/echo-server\" text
            \"\${text}\")
        file(WRITE \"${CMAKE_BINARY_DIR}/units/\${unit}\" \"\${text}\")
    endforeach()")
install(FILES ${CMAKE_BINARY_DIR}/units/echo-server.service
    ${CMAKE_BINARY_DIR}/units/echo-server@.service config/echo-server.socket
    DESTINATION lib/systemd/system)
install(FILES config/echo-server.sysusers DESTINATION lib/sysusers.d RENAME echo-server.conf)

# For deploy scripts that call laravel-echo-server: this folder goes into their PATH.
install(CODE "
    set(compat \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/echo-server/compat\")
    file(MAKE_DIRECTORY \"\${compat}\")
    file(CREATE_LINK ../../../bin/echo-server \"\${compat}/laravel-echo-server\" SYMBOLIC)")

# Compressed as Debian wants it; man(1) reads it everywhere.
function(install_compressed source name destination)
    execute_process(COMMAND gzip -9nc ${source} OUTPUT_FILE ${CMAKE_BINARY_DIR}/${name}.gz
        COMMAND_ERROR_IS_FATAL ANY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    install(FILES ${CMAKE_BINARY_DIR}/${name}.gz DESTINATION ${destination})
endfunction()
install_compressed(${CMAKE_SOURCE_DIR}/docs/echo-server.1 echo-server.1
    ${CMAKE_INSTALL_MANDIR}/man1)

install(FILES config/echo-server.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME echo-server)

# With the links between them.
file(GLOB manuals CONFIGURE_DEPENDS docs/*.md)
install(FILES README.md ${CMAKE_BINARY_DIR}/echo-server.spdx.json DESTINATION ${doc})
install(FILES ${manuals} DESTINATION ${doc}/docs)
file(GLOB proxies CONFIGURE_DEPENDS config/nginx*.conf config/apache*.conf config/Caddyfile)
install(FILES echo-server.example.json config/supervisor.conf config/Dockerfile ${proxies}
    DESTINATION ${doc}/examples)
