/* SPDX-License-Identifier: MIT */
/*
 * replay_main: runs the files of a corpus folder through a fuzzing entry, for builds without
 * libFuzzer: replay CORPUS_FOLDER.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { FILE_MAX_BYTES = 1 << 20, PATH_MAX_BYTES = 4096 };

/* The entry sees memory of exactly the file's size, so that a sanitizer sees a read behind it. */
static int
replay(const char *path)
{
    static uint8_t content[FILE_MAX_BYTES];
    FILE *file = fopen(path, "rb");
    uint8_t *exact;
    size_t len;

    if (!file) {
        perror(path);
        return 1;
    }
    len = fread(content, 1, sizeof(content), file);
    fclose(file);
    exact = malloc(len ? len : 1);
    if (!exact)
        return 1;
    memcpy(exact, content, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 0;
}

int
main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    char path[PATH_MAX_BYTES];
    struct dirent *entry;
    int failed = 0, count = 0;

    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        failed += replay(path);
        count++;
    }
    closedir(folder);
    printf("%d files replayed\n", count);
    return failed > 0 || count == 0;
}
