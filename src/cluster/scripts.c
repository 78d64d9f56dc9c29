/* SPDX-License-Identifier: MIT */
/*
 * scripts: the Lua texts, their digests, and the names of keys.
 */
#include "scripts.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "redis/redis_link.h"

enum { DIGEST_HEX = DIGEST_SHA1_SIZE * 2, ARGC_MAX = 10 };

/* Redis before 5 replicates scripts as text unless told otherwise, and TIME differs there. */
#define EFFECTS "if redis.replicate_commands then redis.replicate_commands() end\n"

#define FIELDS                                                                                     \
    "local function field(s) return #s .. ':' .. s end\n"                                          \
    "local function take(s, at)\n"                                                                 \
    "  local colon = string.find(s, ':', at, true)\n"                                              \
    "  local last = colon + tonumber(string.sub(s, at, colon - 1))\n"                              \
    "  return string.sub(s, colon + 1, last), last + 1\n"                                          \
    "end\n"

/*
 * A room that becomes occupied begins with the time in microseconds: no version of a channel comes
 * twice, though nothing of an empty room is kept.
 */
#define VERSION                                                                                    \
    "local function now_us()\n"                                                                    \
    "  local t = redis.call('TIME')\n"                                                             \
    "  return t[1] .. string.rep('0', 6 - #t[2]) .. t[2]\n"                                        \
    "end\n"                                                                                        \
    "local function next_version()\n"                                                              \
    "  local before = redis.call('GET', KEYS[2])\n"                                                \
    "  if before then\n"                                                                           \
    "    return string.format('%.0f', redis.call('INCR', KEYS[2])), before\n"                      \
    "  end\n"                                                                                      \
    "  local first = now_us()\n"                                                                   \
    "  redis.call('SET', KEYS[2], first)\n"                                                        \
    "  return first, '0'\n"                                                                        \
    "end\n"

#define ENTER                                                                                      \
    "if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 then return 0 end\n"                          \
    "local version, before = next_version()\n"                                                     \
    "redis.call('HSET', KEYS[1], ARGV[2], field(version) .. field(ARGV[3]) .. field(ARGV[4]))\n"   \
    "redis.call('PUBLISH', ARGV[1], field('1') .. field(version) .. field(before) .. field('+')\n" \
    "  .. field(ARGV[2]) .. field(ARGV[3]) .. field(ARGV[4]))\n"                                   \
    "return 1\n"

#define REMOVE                                                                                     \
    "local function remove(conn)\n"                                                                \
    "  if redis.call('HDEL', KEYS[1], conn) == 0 then return 0 end\n"                              \
    "  local version, before = next_version()\n"                                                   \
    "  redis.call('PUBLISH', ARGV[1], field('1') .. field(version) .. field(before)\n"             \
    "    .. field('-') .. field(conn))\n"                                                          \
    "  return 1\n"                                                                                 \
    "end\n"                                                                                        \
    "local function tidy()\n"                                                                      \
    "  if redis.call('EXISTS', KEYS[1]) == 1 then return end\n"                                    \
    "  redis.call('DEL', KEYS[2])\n"                                                               \
    "  if ARGV[2] == '1' then redis.call('DEL', KEYS[3]) end\n"                                    \
    "end\n"

#define LEAVE                                                                                      \
    "local removed = remove(ARGV[3])\n"                                                            \
    "tidy()\n"                                                                                     \
    "return removed\n"

#define REAP                                                                                       \
    "local removed = 0\n"                                                                          \
    "for _, conn in ipairs(redis.call('HKEYS', KEYS[1])) do\n"                                     \
    "  if string.sub(conn, 1, #ARGV[3]) == ARGV[3] then removed = removed + remove(conn) end\n"    \
    "end\n"                                                                                        \
    "tidy()\n"                                                                                     \
    "return removed\n"

/* An empty room has no version: what was published about it so far is older than now. */
#define LIST "return { redis.call('GET', KEYS[2]) or now_us(), redis.call('HGETALL', KEYS[1]) }\n"

#define MEMBERS                                                                                    \
    "local list, member_of = {}, {}\n"                                                             \
    "for i, value in ipairs(redis.call('HVALS', KEYS[1])) do\n"                                    \
    "  local seq, user, at\n"                                                                      \
    "  seq, at = take(value, 1)\n"                                                                 \
    "  user, at = take(value, at)\n"                                                               \
    "  list[i] = tonumber(seq)\n"                                                                  \
    "  member_of[list[i]] = take(value, at)\n"                                                     \
    "end\n"                                                                                        \
    "table.sort(list)\n"                                                                           \
    "for i, seq in ipairs(list) do list[i] = member_of[seq] end\n"                                 \
    "local text = '[' .. table.concat(list, ',') .. ']'\n"                                         \
    "if ARGV[1] == '1' and #list == 0 then redis.call('DEL', KEYS[2])\n"                           \
    "elseif ARGV[1] == '1' then redis.call('SET', KEYS[2], text) end\n"                            \
    "if ARGV[2] ~= '' then\n"                                                                      \
    "  redis.call('PUBLISH', ARGV[2],\n"                                                           \
    "    '{\"event\":{\"channel\":' .. ARGV[3] .. ',\"members\":' .. text .. '}}')\n"              \
    "end\n"                                                                                        \
    "return #list\n"

#define NOW                                                                                        \
    "local t = redis.call('TIME')\n"                                                               \
    "local function ms(later)\n"                                                                   \
    "  return string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + later)\n"              \
    "end\n"                                                                                        \
    "local function alive() return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ms(0), '+inf') "    \
    "end\n"

#define BEAT                                                                                       \
    "local known = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0\n"                            \
    "redis.call('ZADD', KEYS[1], ms(ARGV[2]), ARGV[1])\n"                                          \
    "return { known, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms(0)), alive() }\n"

/* Of several nodes that stop at once the last one finds no other that stays. */
#define RETIRE                                                                                     \
    "redis.call('ZREM', KEYS[1], ARGV[1])\n"                                                       \
    "local grace = 0\n"                                                                            \
    "for _, node in ipairs(alive()) do\n"                                                          \
    "  if string.sub(node, 1, 1) ~= '~' then grace = ARGV[2] end\n"                                \
    "end\n"                                                                                        \
    "redis.call('ZADD', KEYS[1], ms(grace), '~' .. ARGV[1])\n"                                     \
    "if grace ~= 0 then return {} end\n"                                                           \
    "return redis.call('ZRANGE', KEYS[1], 0, -1)\n"

static const char *const texts[SCRIPTS_COUNT] = {
    [SCRIPTS_ENTER] = EFFECTS FIELDS VERSION ENTER,
    [SCRIPTS_LEAVE] = EFFECTS FIELDS VERSION REMOVE LEAVE,
    [SCRIPTS_REAP] = EFFECTS FIELDS VERSION REMOVE REAP,
    [SCRIPTS_LIST] = VERSION LIST,
    [SCRIPTS_MEMBERS] = FIELDS MEMBERS,
    [SCRIPTS_BEAT] = EFFECTS NOW BEAT,
    [SCRIPTS_RETIRE] = EFFECTS NOW RETIRE,
};

struct scripts {
    struct redis_link *link;
    void (*on_missing)(void *owner);
    void *owner;
    bool loading;          /* asked for because one was missing */
    struct buffer refusal; /* what was said in the log last */
    char digest[SCRIPTS_COUNT][DIGEST_HEX];
};

struct scripts *
scripts_new(struct redis_link *link, void (*on_missing)(void *owner), void *owner)
{
    struct scripts *s = mem_zalloc(sizeof(*s));

    s->link = link;
    s->on_missing = on_missing;
    s->owner = owner;
    for (size_t i = 0; i < SCRIPTS_COUNT; i++) {
        uint8_t digest[DIGEST_SHA1_SIZE];

        digest_sha1(str_of(texts[i]), digest);
        digest_to_hex(digest, sizeof(digest), s->digest[i]);
    }
    return s;
}

void
scripts_free(struct scripts *s)
{
    if (!s)
        return;
    buffer_fini(&s->refusal);
    free(s);
}

static void
on_loaded(void *owner, const struct redis_value *reply)
{
    struct scripts *s = owner;

    s->loading = false;
    if (reply)
        (void)scripts_check(s, reply);
}

void
scripts_load(struct scripts *s)
{
    for (size_t i = 0; i < SCRIPTS_COUNT; i++) {
        const struct str argv[] = { STR_LIT("SCRIPT"), STR_LIT("LOAD"), str_of(texts[i]) };

        s->loading = redis_link_command(s->link, argv, COUNT_OF(argv), on_loaded, s);
    }
}

static void
report(struct scripts *s, struct str error)
{
    if (str_equal(buffer_str(&s->refusal), error))
        return;
    buffer_clear(&s->refusal);
    buffer_append_str(&s->refusal, error);
    log_warning("redis refuses what presence needs reason=%s", LOG_STR(error));
}

bool
scripts_check(struct scripts *s, const struct redis_value *reply)
{
    if (!reply)
        return false;
    if (reply->kind != REDIS_ERROR)
        return true;
    if (!str_starts(reply->text, "NOSCRIPT")) {
        report(s, reply->text);
    } else if (!s->loading) {
        scripts_load(s);
        s->on_missing(s->owner);
    }
    return false;
}

static void
on_reply(void *owner, const struct redis_value *reply)
{
    (void)scripts_check(owner, reply); /* it has said what is wrong */
}

bool
scripts_run(struct scripts *s, const struct scripts_call *c)
{
    static const struct str counts[] = { STR_LIT("0"), STR_LIT("1"), STR_LIT("2"), STR_LIT("3") };
    struct str argv[ARGC_MAX] = {
        STR_LIT("EVALSHA"),
        str_slice(s->digest[c->name], DIGEST_HEX),
    };

    ENSURE(c->keys < COUNT_OF(counts) && c->argc + 3 <= ARGC_MAX);
    argv[2] = counts[c->keys];
    memcpy(&argv[3], c->argv, c->argc * sizeof(argv[0]));
    return redis_link_command(s->link, argv, c->argc + 3, c->on_reply ? c->on_reply : on_reply,
        c->on_reply ? c->owner : s);
}

/* ---- names ---- */

/* As Redis Cluster finds it: between the first "{" and the next "}", not empty. */
static bool
has_tag(struct str key)
{
    const char *open = key.len > 0 ? memchr(key.data, '{', key.len) : NULL;
    const char *close = open ? memchr(open, '}', (size_t)(key.data + key.len - open)) : NULL;

    return close && close > open + 1;
}

void
scripts_key_members(struct str prefix, struct str channel, struct buffer *out)
{
    buffer_append_str(out, prefix);
    buffer_append_str(out, channel);
    buffer_append_text(out, ":members");
}

static void
append_tagged(struct str prefix, struct str channel, struct buffer *out)
{
    struct buffer members = { 0 };
    bool tagged;

    scripts_key_members(prefix, channel, &members);
    tagged = has_tag(buffer_str(&members));
    buffer_append_text(out, tagged ? "" : "{");
    buffer_append_str(out, buffer_str(&members));
    buffer_append_text(out, tagged ? "" : "}");
    buffer_fini(&members);
}

void
scripts_key_entries(struct str prefix, struct str channel, struct buffer *out)
{
    append_tagged(prefix, channel, out);
    buffer_append_text(out, ":entries");
}

void
scripts_key_version(struct str prefix, struct str channel, struct buffer *out)
{
    append_tagged(prefix, channel, out);
    buffer_append_text(out, ":version");
}

void
scripts_key_changes(struct str prefix, struct str channel, struct buffer *out)
{
    buffer_append_str(out, prefix);
    buffer_append_text(out, "echo-server:presence:");
    buffer_append_str(out, channel);
}

void
scripts_key_nodes(struct str prefix, struct buffer *out)
{
    buffer_append_str(out, prefix);
    buffer_append_text(out, "echo-server:nodes");
}

void
scripts_key_node(struct str prefix, struct str node, struct buffer *out)
{
    buffer_append_str(out, prefix);
    buffer_append_text(out, "echo-server:node:");
    buffer_append_str(out, node);
}
