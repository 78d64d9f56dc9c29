# SPDX-License-Identifier: MIT
# What the compiler and the linker do against attacks, and what makes two builds equal: included
# before the first target.  docs/security.md has the table, tests/lint/hardening.sh looks for it in
# the binary.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# harden_if_known(FLAG...): the flags that this compiler has for this processor.
function(harden_if_known)
    foreach(flag ${ARGN})
        string(MAKE_C_IDENTIFIER "HAVE${flag}" known)
        check_c_compiler_flag(${flag} ${known})
        if(${known})
            add_compile_options($<$<COMPILE_LANGUAGE:C>:${flag}>)
        endif()
    endforeach()
endfunction()

# -fPIE and not CMake's -fPIC: in a program nothing is interposed, so functions may be inlined.
add_compile_options(-fPIE -fstack-protector-strong)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
harden_if_known(-fstack-clash-protection -ftrivial-auto-var-init=zero)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    add_compile_options(-mbranch-protection=standard)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
    add_compile_options(-fcf-protection)
    # Debian's start files and static libraries come without the note.  They are C, and none touches
    # a return address, so a shadow stack suits them.  Indirect branches are left as the system's
    # files say: whether each of their functions begins with endbr64 is not ours to promise.
    check_linker_flag(C -Wl,-z,shstk HAVE_SHADOW_STACK_NOTE)
    if(HAVE_SHADOW_STACK_NOTE)
        add_link_options(-Wl,-z,shstk)
    endif()
endif()

# 3 also checks against sizes that are known only when the program runs.  Some compilers define a
# level by themselves.
set(fortify 3)
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_C_COMPILER_VERSION VERSION_LESS 12)
    set(fortify 2)
endif()
add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${fortify}>)

# Two builds in different folders are equal, byte for byte.  The last that fits is taken.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)
