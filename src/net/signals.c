/* SPDX-License-Identifier: MIT */
/*
 * signals: libuv's signal handles.
 */
#include "net/signals.h"

#include <signal.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "loop_priv.h"

struct signals_watch {
    uv_signal_t signal;
    void (*on_signal)(void *owner, int number);
    void *owner;
};

static void
signals_on_uv(uv_signal_t *handle, int number)
{
    struct signals_watch *w = CONTAINER_OF(handle, struct signals_watch, signal);

    w->on_signal(w->owner, number);
}

static void
signals_on_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct signals_watch, signal));
}

struct signals_watch *
signals_open(struct loop *l, int number, void (*on_signal)(void *owner, int number), void *owner)
{
    struct signals_watch *w = mem_zalloc(sizeof(*w));

    w->on_signal = on_signal;
    w->owner = owner;
    ENSURE(uv_signal_init(&l->uv, &w->signal) == 0);
    ENSURE(uv_signal_start(&w->signal, signals_on_uv, number) == 0);
    return w;
}

void
signals_close(struct signals_watch *w)
{
    if (w && !uv_is_closing((uv_handle_t *)&w->signal))
        uv_close((uv_handle_t *)&w->signal, signals_on_closed);
}

void
signals_hold(const int *numbers, size_t count, bool hold)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}
