/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: php boots the application as artisan does, and prints the value after a mark.
 * Whatever else the application prints, before or after, is passed over.
 */
#include "laravel_prefix.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { OUTPUT_MAX = 65536, CHUNK = 4096 };
enum { PHP_NOT_STARTED = 126, PHP_NOT_FOUND = 127 }; /* exit codes, as a shell's */

/* Until Laravel 5.4 artisan loaded bootstrap/autoload.php, which loads the other one. */
static const char script[] =
    "require is_file('bootstrap/autoload.php')"
    "    ? './bootstrap/autoload.php' : './vendor/autoload.php';"
    "$app = require './bootstrap/app.php';"
    "$app->make(Illuminate\\Contracts\\Console\\Kernel::class)->bootstrap();"
    "echo \"\\0echo-server\\0\", $app['config']['database.redis.options.prefix'], \"\\0\";";
static const char mark[] = "\0echo-server"; /* and its own NUL */

/* False: php is not run there; *why is set. */
static bool
may_run(const struct stat *folder, const char **why)
{
    if (folder->st_uid == 0)
        *why = "its folder belongs to root, and applications are not run as root";
    else if (geteuid() != 0 && geteuid() != folder->st_uid)
        *why = "its folder belongs to another user";
    else
        return true;
    return false;
}

/*
 * Everything that root has and the owner does not is given up, variables too: they may hold
 * secrets. The owner may have no name on this machine.
 */
static bool
become(const struct stat *owner, const struct passwd *user)
{
    gid_t group = user ? user->pw_gid : owner->st_gid;
    char *path = mem_strdup(getenv("PATH"));

    clearenv();
    if ((path && setenv("PATH", path, 1) != 0) || (user && setenv("HOME", user->pw_dir, 1) != 0))
        return false;
    free(path);
    if (setgid(group) != 0)
        return false;
    if ((user ? initgroups(user->pw_name, group) : setgroups(0, NULL)) != 0)
        return false;
    return setuid(owner->st_uid) == 0;
}

/* In the child.  A session of its own keeps the terminal, which may be root's, out of reach. */
NO_RETURN static void
run_php(int folder, int out, const struct stat *owner, const struct passwd *user)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        _exit(PHP_NOT_STARTED);
    if ((geteuid() == 0 && !become(owner, user)) || fchdir(folder) != 0)
        _exit(PHP_NOT_STARTED);
    ENSURE(geteuid() == owner->st_uid && geteuid() != 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the user would take it back */
    execlp("php", "php", "-d", "display_errors=stderr", "-r", script, (char *)NULL);
    _exit(PHP_NOT_FOUND);
}

/* Where php's output can be read; negative: it was not started. */
static int
start_php(int folder, const struct stat *owner, pid_t *pid)
{
    const struct passwd *user = getpwuid(owner->st_uid);
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    *pid = fork();
    if (*pid == 0)
        run_php(folder, ends[1], owner, user);
    close(ends[1]);
    if (*pid > 0)
        return ends[0];
    close(ends[0]);
    return -1;
}

/* The text between the mark and the next NUL; no data: it has not arrived. */
static struct str
find_answer(struct str output)
{
    const char *at = output.len > 0 ? memmem(output.data, output.len, mark, sizeof(mark)) : NULL;
    const char *end;

    if (!at)
        return (struct str){ 0 };
    at += sizeof(mark);
    end = memchr(at, 0, (size_t)(output.data + output.len - at));
    return end ? str_slice(at, (size_t)(end - at)) : (struct str){ 0 };
}

/* Until the answer is there, php ends, or its output is too long.  False: it took too long. */
static bool
read_output(int fd, uint64_t limit_ms, struct buffer *output)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    uint64_t now = clock_ms(), end = now + limit_ms;

    for (; now < end; now = clock_ms()) {
        ssize_t n;

        if (poll(&ready, 1, (int)(end - now)) <= 0)
            continue;
        n = read(fd, buffer_reserve(output, CHUNK), CHUNK);
        output->len += n > 0 ? (size_t)n : 0;
        if (n <= 0 || output->len >= OUTPUT_MAX || find_answer(buffer_str(output)).data)
            return true;
    }
    return false;
}

/* With all that it started.  Returns its exit status. */
static int
end_php(pid_t pid)
{
    int status = 0;

    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* it may not have begun its session yet */
    waitpid(pid, &status, 0);
    return status;
}

/* folder is open, and its owner known. */
static char *
ask_php(int folder, const struct stat *owner, uint64_t limit_ms, const char **why)
{
    struct buffer output = { 0 };
    char *prefix = NULL;
    struct str answer;
    int fd, status;
    bool in_time;
    pid_t pid;

    *why = "php could not be started";
    fd = start_php(folder, owner, &pid);
    if (fd < 0)
        return NULL;
    in_time = read_output(fd, limit_ms, &output);
    close(fd);
    status = end_php(pid);
    answer = find_answer(buffer_str(&output));
    if (answer.data && !str_has_control(answer) && utf8_valid(answer))
        prefix = mem_copy_text(answer.data, answer.len);
    else if (!in_time)
        *why = "php took too long";
    else if (WIFEXITED(status) && WEXITSTATUS(status) == PHP_NOT_FOUND)
        *why = "there is no php in PATH";
    else
        *why = "php gave no answer";
    buffer_fini(&output);
    return prefix;
}

char *
laravel_prefix_ask(const char *folder, uint64_t limit_ms, const char **why)
{
    /* Opened once: a link that is turned elsewhere meanwhile would bring another owner's code. */
    int fd = open(*folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat owner;
    char *prefix = NULL;

    *why = "its folder cannot be opened";
    if (fd < 0)
        return NULL;
    if (fstat(fd, &owner) == 0 && may_run(&owner, why)) {
        printf("asking php in %s for the application's Redis prefix\n",
            *folder ? folder : "this folder");
        fflush(stdout);
        prefix = ask_php(fd, &owner, limit_ms, why);
    }
    close(fd);
    return prefix;
}
