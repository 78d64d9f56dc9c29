/* SPDX-License-Identifier: MIT */
/*
 * loop: libuv's loop with an end to each turn.
 *
 * libuv calls prepare hooks before it waits and check hooks after it has handled what was ready;
 * timers and close callbacks run between a check and the next prepare.  So the end of the turn is
 * both hooks: nothing waits while there is something to flush.
 *
 * The sockets of all streams are in one epoll set, level-triggered, which libuv watches with one
 * poll handle: a handle for each would be 160 bytes a connection, besides libuv's own table.
 */
#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "loop_priv.h"

/* Sockets that are looked at together; those that are left over make the set ready once more. */
enum { READY_MAX = 512 };

/* The loop that runs on this thread; NULL: none. */
static _Thread_local const struct loop *current;

static void
run_tasks(struct list *tasks)
{
    struct list batch;

    list_init(&batch);
    list_splice(&batch, tasks);
    while (!list_empty(&batch)) {
        struct loop_task *t = LIST_ENTRY(batch.next, struct loop_task, node);

        list_remove(&t->node);
        t->run(t->owner);
    }
}

static void
run_flushes(struct loop *l)
{
    struct list batch;

    list_init(&batch);
    list_splice(&batch, &l->dirty);
    while (!list_empty(&batch)) {
        struct list *node = batch.next;

        list_remove(node);
        l->flush(node, batch.next);
    }
}

/* A drop may defer another, start a task or touch a stream. */
static void
end_turn(struct loop *l)
{
    if (l->when_spent && budget_is_spent(&l->budget))
        loop_end_of_turn(l, l->when_spent);
    do {
        while (!list_empty(&l->tasks) || !list_empty(&l->dirty)) {
            run_tasks(&l->tasks);
            run_flushes(l);
        }
        for (size_t i = 0; i < l->drop_count; i++) {
            struct loop_drop d = l->drops[i];

            d.drop(d.object);
        }
        l->drop_count = 0;
    } while (!list_empty(&l->tasks) || !list_empty(&l->dirty));
}

static void
loop_on_soon(uv_timer_t *handle)
{
    run_tasks(&((struct loop *)handle->data)->soon);
}

static void
on_before_wait(uv_prepare_t *handle)
{
    struct loop *l = handle->data;

    end_turn(l);
    timer_wheel_arm(&l->wheel);
}

static void
on_after_wait(uv_check_t *handle)
{
    end_turn(handle->data);
}

static void
loop_on_poll(uv_poll_t *handle, int status, int events)
{
    struct loop *l = CONTAINER_OF(handle, struct loop, poll);
    UNINITIALIZED struct epoll_event ready[READY_MAX]; /* the kernel writes the first count */
    int count = epoll_wait(l->epoll, ready, READY_MAX, 0);

    (void)status, (void)events; /* the set itself has no errors */
    for (int i = 0; i < count; i++) {
        uint32_t what = ready[i].events;
        bool failed = (what & (EPOLLERR | EPOLLHUP)) != 0;

        l->on_ready(ready[i].data.ptr, failed || (what & EPOLLIN), failed || (what & EPOLLOUT));
    }
}

static void
loop_on_beat(void *owner)
{
    struct loop *l = owner;

    atomic_store_explicit(&l->beats, loop_beats(l) + 1, memory_order_relaxed);
    timer_start(l, &l->beat, l->beat_ms);
}

struct loop *
loop_new(void)
{
    struct loop *l = mem_zalloc(sizeof(*l));

    signal(SIGPIPE, SIG_IGN);
    ENSURE(uv_loop_init(&l->uv) == 0);
    l->uv.data = l;
    list_init(&l->tasks);
    list_init(&l->soon);
    list_init(&l->dirty);
    uv_prepare_init(&l->uv, &l->before_wait);
    uv_check_init(&l->uv, &l->after_wait);
    uv_timer_init(&l->uv, &l->soon_timer);
    uv_unref((uv_handle_t *)&l->soon_timer);
    l->before_wait.data = l->after_wait.data = l->soon_timer.data = l;
    uv_prepare_start(&l->before_wait, on_before_wait);
    uv_check_start(&l->after_wait, on_after_wait);
    timer_wheel_init(&l->wheel, &l->uv);
    timer_init(&l->beat, loop_on_beat, l);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    ENSURE(l->epoll >= 0);
    ENSURE(uv_poll_init(&l->uv, &l->poll, l->epoll) == 0);
    ENSURE(uv_poll_start(&l->poll, UV_READABLE, loop_on_poll) == 0);
    uv_unref((uv_handle_t *)&l->poll);
    l->received = mem_alloc(LOOP_RECEIVED_SIZE);
    l->plain = mem_alloc(LOOP_PLAIN_SIZE);
    l->coded = mem_alloc(LOOP_CODED_SIZE);
    return l;
}

void
loop_free(struct loop *l)
{
    if (!l)
        return;
    end_turn(l);
    ENSURE(l->streams == 0 && l->accepted == 0);
    uv_close((uv_handle_t *)&l->before_wait, NULL);
    uv_close((uv_handle_t *)&l->after_wait, NULL);
    uv_close((uv_handle_t *)&l->soon_timer, NULL);
    uv_close((uv_handle_t *)&l->wheel.wake, NULL);
    uv_close((uv_handle_t *)&l->poll, NULL);
    while (l->look_ups > 0)
        uv_run(&l->uv, UV_RUN_ONCE);
    uv_run(&l->uv, UV_RUN_NOWAIT);
    end_turn(l);
    ENSURE(uv_loop_close(&l->uv) == 0);
    ENSURE(budget_used(&l->budget) == 0);
    close(l->epoll);
    free(l->drops);
    free(l->received);
    free(l->plain);
    free(l->coded);
    free(l);
}

/* libuv aborts when it gets no threads. */
enum { POOL_THREADS = 4 };

static void *
pool_thread(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static bool
pool_fits(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[POOL_THREADS];
    size_t count = 0;
    bool fits;

    pthread_mutex_lock(&lock);
    while (count < POOL_THREADS && pthread_create(&threads[count], NULL, pool_thread, &lock) == 0)
        count++;
    pthread_mutex_unlock(&lock);
    fits = count == POOL_THREADS;
    while (count > 0)
        pthread_join(threads[--count], NULL);
    return fits;
}

static void
pool_work(uv_work_t *work)
{
    (void)work;
}

static void
pool_on_done(uv_work_t *work, int status)
{
    (void)status;
    free(work);
}

bool
loop_make_pool(struct loop *l)
{
    uv_work_t *nothing;

    if (!pool_fits())
        return false;
    nothing = mem_zalloc(sizeof(*nothing));
    ENSURE(uv_queue_work(&l->uv, nothing, pool_work, pool_on_done) == 0);
    return true;
}

void
loop_run(struct loop *l)
{
    ENSURE(!current);
    current = l;
    do {
        uv_run(&l->uv, UV_RUN_DEFAULT);
        end_turn(l);
    } while (uv_loop_alive(&l->uv));
    current = NULL;
}

/* The two hooks are what keeps a loop alive on which nothing is open yet. */
void
loop_stop(struct loop *l)
{
    uv_unref((uv_handle_t *)&l->before_wait);
    uv_unref((uv_handle_t *)&l->after_wait);
}

void
loop_turn(struct loop *l)
{
    ENSURE(!current);
    current = l;
    uv_run(&l->uv, UV_RUN_NOWAIT);
    end_turn(l);
    current = NULL;
}

const char *
loop_error_text(int error, char out[LOOP_ERROR_SIZE])
{
    return uv_strerror_r(-error, out, LOOP_ERROR_SIZE);
}

char *
loop_plain_room(struct loop *l)
{
    return l->plain;
}

char *
loop_coded_room(struct loop *l)
{
    return l->coded;
}

bool
loop_is_current(const struct loop *l)
{
    return current == l;
}

uint64_t
loop_now_ms(const struct loop *l)
{
    return uv_now(&l->uv);
}

void
loop_join(struct loop *l)
{
    if (l->streams++ == 0)
        uv_ref((uv_handle_t *)&l->poll);
}

void
loop_leave(struct loop *l)
{
    ENSURE(l->streams > 0);
    if (--l->streams == 0)
        uv_unref((uv_handle_t *)&l->poll);
}

bool
loop_watch(const struct loop *l, int fd, unsigned before, unsigned wanted, void *stream)
{
    struct epoll_event e = { .data.ptr = stream };
    int change = before ? wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL : EPOLL_CTL_ADD;

    if (wanted == before)
        return true;
    e.events = ((wanted & LOOP_READ) ? (uint32_t)EPOLLIN : 0) |
               ((wanted & LOOP_WRITE) ? (uint32_t)EPOLLOUT : 0);
    return epoll_ctl(l->epoll, change, fd, &e) == 0;
}

void
loop_task_init(struct loop_task *t, void (*run)(void *owner), void *owner)
{
    list_init(&t->node);
    t->run = run;
    t->owner = owner;
}

void
loop_end_of_turn(struct loop *l, struct loop_task *t)
{
    if (list_empty(&t->node))
        list_append(&l->tasks, &t->node);
}

void
loop_soon(struct loop *l, struct loop_task *t)
{
    if (!list_empty(&t->node))
        return;
    if (list_empty(&l->soon))
        uv_timer_start(&l->soon_timer, loop_on_soon, 1, 0);
    list_append(&l->soon, &t->node);
}

void
loop_task_cancel(struct loop_task *t)
{
    if (t->node.next)
        list_remove(&t->node);
}

void
loop_defer_free(struct loop *l, void *object, void (*drop)(void *object))
{
    ENSURE(!current || current == l);
    if (l->drop_count == l->drop_capacity) {
        l->drop_capacity = l->drop_capacity ? 2 * l->drop_capacity : 32;
        l->drops = mem_resize(l->drops, l->drop_capacity, sizeof(*l->drops));
    }
    l->drops[l->drop_count++] = (struct loop_drop){ object, drop };
}

struct budget *
loop_budget(struct loop *l)
{
    return &l->budget;
}

void
loop_when_spent(struct loop *l, struct loop_task *t)
{
    l->when_spent = t;
}

size_t
loop_accepted_count(const struct loop *l)
{
    return l->accepted;
}

void
loop_beat(struct loop *l, uint64_t every_ms)
{
    l->beat_ms = every_ms;
    timer_start(l, &l->beat, every_ms);
}

uint64_t
loop_beats(const struct loop *l)
{
    return atomic_load_explicit(&l->beats, memory_order_relaxed);
}
