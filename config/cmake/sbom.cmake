# SPDX-License-Identifier: MIT
# echo-server.spdx.json: what is in the program, as SPDX 2.3 (ISO/IEC 5962), so that a scanner can
# tell whether a fault of a library concerns it.  With SOURCE_DATE_EPOCH set, equal builds write equal
# files.
set(spdx_packages "")
set(spdx_relationships "")

# spdx_add(ID NAME VERSION LICENSE RELATIONSHIP PURL...): something that the program is made of.
function(spdx_add id name version license relationship)
    string(REGEX REPLACE "[^A-Za-z0-9.-]" "-" id "SPDXRef-${id}")
    set(refs "")
    foreach(purl ${ARGN})
        string(APPEND refs "${comma}{\"referenceCategory\":\"PACKAGE-MANAGER\","
            "\"referenceType\":\"purl\",\"referenceLocator\":\"${purl}\"}")
        set(comma ",")
    endforeach()
    set(spdx_packages "${spdx_packages},
  {\"SPDXID\":\"${id}\",\"name\":\"${name}\",\"versionInfo\":\"${version}\",\"downloadLocation\":\"NOASSERTION\",\
\"filesAnalyzed\":false,\"licenseDeclared\":\"${license}\",\"licenseConcluded\":\"NOASSERTION\",\
\"copyrightText\":\"NOASSERTION\",\"externalRefs\":[${refs}]}" PARENT_SCOPE)
    set(spdx_relationships "${spdx_relationships},
  {\"spdxElementId\":\"SPDXRef-echo-server\",\"relationshipType\":\"${relationship}\",\"relatedSpdxElement\":\"${id}\"}"
        PARENT_SCOPE)
endfunction()

# The distribution's name and version of the package that a file is of; empty where there is no dpkg.
function(distribution_package file purl upstream)
    set(${purl} "" PARENT_SCOPE)
    set(${upstream} "" PARENT_SCOPE)
    find_program(DPKG_QUERY dpkg-query)
    if(NOT DPKG_QUERY OR NOT EXISTS "${file}")
        return()
    endif()
    execute_process(COMMAND ${DPKG_QUERY} -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX REPLACE ":.*" "" owner "${owner}")
    if(NOT owner)
        return()
    endif()
    execute_process(
        COMMAND ${DPKG_QUERY} -W -f "\${Version} \${Architecture} \${source:Upstream-Version}\\n"
        ${owner} OUTPUT_VARIABLE about)
    string(REGEX MATCHALL "[^ \n]+" about "${about}")
    list(GET about 0 version)
    list(GET about 1 architecture)
    list(GET about 2 origin)
    file(STRINGS /etc/os-release distribution REGEX "^ID=")
    string(REGEX REPLACE "ID=\"?([a-z]+).*" "\\1" distribution "${distribution}")
    string(REPLACE "+" "%2B" version "${version}")
    string(REPLACE ":" "%3A" version "${version}")
    set(${upstream} "${origin}" PARENT_SCOPE)
    set(${purl} "pkg:deb/${distribution}/${owner}@${version}?arch=${architecture}" PARENT_SCOPE)
endfunction()

# spdx_library(NAME VERSION LICENSE FILE): how it is linked, FILE's name says.
macro(spdx_library name version license file)
    distribution_package("${file}" purl upstream)
    set(link DYNAMIC_LINK)
    if("${file}" MATCHES "\\.[ac]$")
        set(link STATIC_LINK)
    endif()
    set(found "${version}")
    if(NOT found)
        set(found "${upstream}")
    endif()
    spdx_add(${name} ${name} "${found}" ${license} ${link} ${purl})
endmacro()

set(llhttp_file ${LLHTTP_LIBRARY})
if(NOT LLHTTP_LIBRARY)
    list(GET LLHTTP_SOURCES 0 llhttp_file)
endif()
set(llhttp_version "")
foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${LLHTTP_INCLUDE}/llhttp.h line REGEX "define LLHTTP_VERSION_${part}")
    string(REGEX MATCH "[0-9]+" number "${line}")
    list(APPEND llhttp_version ${number})
endforeach()
list(JOIN llhttp_version . llhttp_version)
foreach(module UV HIREDIS JANSSON)
    set(${module}_file ${${module}_STATIC_LIBRARY})
    if(NOT ${module}_file)
        list(GET ${module}_LINK_LIBRARIES 0 ${module}_file)
    endif()
endforeach()
spdx_library(libuv ${UV_VERSION} MIT ${UV_file})
spdx_library(hiredis ${HIREDIS_VERSION} BSD-3-Clause ${HIREDIS_file})
spdx_library(jansson ${JANSSON_VERSION} MIT ${JANSSON_file})
spdx_library(llhttp ${llhttp_version} MIT ${llhttp_file})
# 1.1.1 calls itself 1.0.1-DEV in its header.
spdx_library(wslay "" MIT ${WSLAY_LIBRARY})
spdx_library(openssl ${OPENSSL_VERSION} Apache-2.0 ${OPENSSL_SSL_LIBRARY})
spdx_library(zlib ${ZLIB_VERSION_STRING} Zlib ${ZLIB_LIBRARIES})

# What the browser bundles are made of; these two are for Node alone and not in them.
set(not_bundled ws xmlhttprequest-ssl)
function(spdx_bundles lock)
    file(READ ${lock} text)
    string(JSON count LENGTH "${text}" packages)
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
        string(JSON path MEMBER "${text}" packages ${i})
        string(JSON version ERROR_VARIABLE none GET "${text}" packages "${path}" version)
        string(JSON name ERROR_VARIABLE unnamed GET "${text}" packages "${path}" name)
        string(JSON license ERROR_VARIABLE unlicensed GET "${text}" packages "${path}" license)
        if(unnamed)
            string(REGEX REPLACE ".*node_modules/" "" name "${path}")
        endif()
        if(unlicensed)
            set(license NOASSERTION)
        endif()
        if(none OR name IN_LIST not_bundled)
            continue()
        endif()
        string(REPLACE "@" "%40" purl "${name}")
        spdx_add("npm-${name}-${version}" ${name} ${version} ${license} CONTAINS
            "pkg:npm/${purl}@${version}")
    endforeach()
    set(spdx_packages "${spdx_packages}" PARENT_SCOPE)
    set(spdx_relationships "${spdx_relationships}" PARENT_SCOPE)
endfunction()
if(EXISTS ${BUNDLES_DIR}/package-lock.json)
    spdx_bundles(${BUNDLES_DIR}/package-lock.json)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${BUNDLES_DIR}/package-lock.json)
endif()

string(TIMESTAMP spdx_created "%Y-%m-%dT%H:%M:%SZ" UTC) # of SOURCE_DATE_EPOCH, if that is set
string(UUID spdx_uuid NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 TYPE SHA1
    NAME "${PROJECT_VERSION}${spdx_created}${spdx_packages}${spdx_relationships}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/echo-server.spdx.json @ONLY CONTENT
"{
 \"spdxVersion\":\"SPDX-2.3\",
 \"dataLicense\":\"CC0-1.0\",
 \"SPDXID\":\"SPDXRef-DOCUMENT\",
 \"name\":\"echo-server-@PROJECT_VERSION@\",
 \"documentNamespace\":\"https://spdx.org/spdxdocs/echo-server-@PROJECT_VERSION@-@spdx_uuid@\",
 \"creationInfo\":{\"created\":\"@spdx_created@\",\"creators\":[\"Organization: echo-server\"]},
 \"packages\":[
  {\"SPDXID\":\"SPDXRef-echo-server\",\"name\":\"echo-server\",\"versionInfo\":\"@PROJECT_VERSION@\",\"downloadLocation\":\"NOASSERTION\",\
\"filesAnalyzed\":false,\"licenseDeclared\":\"MIT\",\"licenseConcluded\":\"NOASSERTION\",\
\"copyrightText\":\"NOASSERTION\"}@spdx_packages@
 ],
 \"relationships\":[
  {\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":\"DESCRIBES\",\"relatedSpdxElement\":\"SPDXRef-echo-server\"}@spdx_relationships@
 ]
}
")
