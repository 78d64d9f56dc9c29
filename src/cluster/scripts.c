/* SPDX-License-Identifier: MIT */
/*
 * scripts: the Lua texts, and each one's keys and arguments.
 */
#include "scripts.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "presence/replica.h"
#include "redis/redis_link.h"
#include "json/json_scan.h"

enum {
    DIGEST_HEX = DIGEST_SHA1_SIZE * 2,
    HEAD = 3,     /* EVALSHA, digest, number of keys */
    ARGC_MAX = 6, /* keys and arguments of a script */
};

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

static const struct {
    const char *text, *keys;
    size_t argc; /* keys and arguments */
} scripts[SCRIPTS_COUNT] = {
    [SCRIPTS_ENTER] = { EFFECTS FIELDS VERSION ENTER, "2", 6 },
    [SCRIPTS_LEAVE] = { EFFECTS FIELDS VERSION REMOVE LEAVE, "3", 6 },
    [SCRIPTS_REAP] = { EFFECTS FIELDS VERSION REMOVE REAP, "3", 6 },
    [SCRIPTS_LIST] = { VERSION LIST, "2", 2 },
    [SCRIPTS_MEMBERS] = { FIELDS MEMBERS, "2", 5 },
    [SCRIPTS_BEAT] = { EFFECTS NOW BEAT, "1", 3 },
    [SCRIPTS_RETIRE] = { EFFECTS NOW RETIRE, "1", 3 },
};

/* A script's keys, then its arguments. */
struct scripts_args {
    struct str of[ARGC_MAX];
};

struct scripts {
    struct scripts_options options;
    bool loading;          /* asked for because one was missing */
    struct buffer refusal; /* the last one in the log */
    /* The keys of the call that is being made, and where its change is published. */
    struct buffer entries, version, members, changes;
    char digest[SCRIPTS_COUNT][DIGEST_HEX];
};

struct scripts *
scripts_new(const struct scripts_options *o)
{
    struct scripts *s = mem_zalloc(sizeof(*s));
    uint8_t digest[DIGEST_SHA1_SIZE];

    s->options = *o;
    for (size_t i = 0; i < SCRIPTS_COUNT; i++) {
        digest_sha1(str_of(scripts[i].text), digest);
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
    buffer_fini(&s->entries);
    buffer_fini(&s->version);
    buffer_fini(&s->members);
    buffer_fini(&s->changes);
    free(s);
}

static void
scripts_on_loaded(void *owner, const struct redis_value *reply)
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
        const struct str argv[] = { STR_LIT("SCRIPT"), STR_LIT("LOAD"), str_of(scripts[i].text) };

        s->loading =
            redis_link_command(s->options.link, argv, COUNT_OF(argv), scripts_on_loaded, s);
    }
}

bool
scripts_check(struct scripts *s, const struct redis_value *reply)
{
    if (!reply)
        return false;
    if (reply->kind != REDIS_ERROR)
        return true;
    if (!str_starts(reply->text, "NOSCRIPT")) {
        if (!str_equal(buffer_str(&s->refusal), reply->text))
            log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
                "redis refuses a command that presence needs reason=%s", LOG_STR(reply->text));
        buffer_clear(&s->refusal);
        buffer_append_str(&s->refusal, reply->text);
    } else if (!s->loading) {
        scripts_load(s);
        s->options.on_missing(s->options.owner);
    }
    return false;
}

static void
scripts_on_reply(void *owner, const struct redis_value *reply)
{
    (void)scripts_check(owner, reply); /* the log has what is wrong */
}

static bool
scripts_run(
    struct scripts *s, enum scripts_name name, struct scripts_args args, struct scripts_reply to)
{
    struct str argv[HEAD + ARGC_MAX] = {
        STR_LIT("EVALSHA"),
        str_slice(s->digest[name], DIGEST_HEX),
        str_of(scripts[name].keys),
    };

    ENSURE(scripts[name].argc <= ARGC_MAX);
    memcpy(&argv[HEAD], args.of, sizeof(args.of));
    return redis_link_command(s->options.link, argv, HEAD + scripts[name].argc,
        to.on_reply ? to.on_reply : scripts_on_reply, to.on_reply ? to.owner : s);
}

/* ---- one channel ---- */

/* As Redis Cluster finds it: between the first "{" and the next "}", not empty. */
static bool
has_tag(struct str key)
{
    const char *open = key.len > 0 ? memchr(key.data, '{', key.len) : NULL;
    const char *close = open ? memchr(open, '}', (size_t)(key.data + key.len - open)) : NULL;

    return close && close > open + 1;
}

static void
scripts_key_tagged(struct str members, const char *suffix, struct buffer *out)
{
    bool tagged = has_tag(members);

    buffer_clear(out);
    buffer_append_text(out, tagged ? "" : "{");
    buffer_append_str(out, members);
    buffer_append_text(out, tagged ? "" : "}");
    buffer_append_text(out, suffix);
}

static void
scripts_name_keys(struct scripts *s, struct str channel)
{
    buffer_clear(&s->members);
    buffer_append_str(&s->members, s->options.prefix);
    buffer_append_str(&s->members, channel);
    buffer_append_text(&s->members, ":members");
    scripts_key_tagged(buffer_str(&s->members), ":entries", &s->entries);
    scripts_key_tagged(buffer_str(&s->members), ":version", &s->version);
    buffer_clear(&s->changes);
    buffer_append_str(&s->changes, s->options.prefix);
    buffer_append_text(&s->changes, "echo-server:presence:");
    buffer_append_str(&s->changes, channel);
}

bool
scripts_enter(struct scripts *s, struct str channel, const struct replica_item *item)
{
    scripts_name_keys(s, channel);
    return scripts_run(s, SCRIPTS_ENTER,
        (struct scripts_args){ { buffer_str(&s->entries), buffer_str(&s->version),
            buffer_str(&s->changes), item->conn, item->user, item->member } },
        (struct scripts_reply){ 0 });
}

static bool
scripts_remove(struct scripts *s, enum scripts_name name, struct str channel, struct str which,
    struct scripts_reply to)
{
    scripts_name_keys(s, channel);
    return scripts_run(s, name,
        (struct scripts_args){
            { buffer_str(&s->entries), buffer_str(&s->version), buffer_str(&s->members),
                buffer_str(&s->changes), str_of(s->options.members_key ? "1" : "0"), which } },
        to);
}

bool
scripts_leave(struct scripts *s, struct str channel, struct str conn)
{
    return scripts_remove(s, SCRIPTS_LEAVE, channel, conn, (struct scripts_reply){ 0 });
}

bool
scripts_reap(struct scripts *s, struct str channel, struct str node, struct scripts_reply to)
{
    struct buffer conns = { 0 };
    bool sent;

    buffer_append_str(&conns, node);
    buffer_append_char(&conns, '/');
    sent = scripts_remove(s, SCRIPTS_REAP, channel, buffer_str(&conns), to);
    buffer_fini(&conns);
    return sent;
}

bool
scripts_list(struct scripts *s, struct str channel, struct scripts_reply to)
{
    scripts_name_keys(s, channel);
    return scripts_run(s, SCRIPTS_LIST,
        (struct scripts_args){ { buffer_str(&s->entries), buffer_str(&s->version) } }, to);
}

/* What is published names the key as the application knows it, without the prefix. */
static void
scripts_members(struct scripts *s, struct str channel, const char *write, const char *publish_at)
{
    struct buffer quoted = { 0 };
    struct str key;

    scripts_name_keys(s, channel);
    key = buffer_str(&s->members);
    key = str_slice(key.data + s->options.prefix.len, key.len - s->options.prefix.len);
    json_scan_quote(key, &quoted);
    (void)scripts_run(s, SCRIPTS_MEMBERS,
        (struct scripts_args){ { buffer_str(&s->entries), buffer_str(&s->members), str_of(write),
            str_of(publish_at), buffer_str(&quoted) } },
        (struct scripts_reply){ 0 }); /* the next one makes up for it */
    buffer_fini(&quoted);
}

void
scripts_write_members(struct scripts *s, struct str channel)
{
    if (s->options.members_key)
        scripts_members(s, channel, "1", "");
}

/* As in the reference the channel has no prefix. */
void
scripts_publish_members(struct scripts *s, struct str channel)
{
    if (s->options.publish_members)
        scripts_members(s, channel, "0", "PresenceChannelUpdated");
}

/* ---- nodes ---- */

void
scripts_key_nodes(const struct scripts *s, struct buffer *out)
{
    buffer_append_str(out, s->options.prefix);
    buffer_append_text(out, "echo-server:nodes");
}

void
scripts_key_node(const struct scripts *s, struct str node, struct buffer *out)
{
    buffer_append_str(out, s->options.prefix);
    buffer_append_text(out, "echo-server:node:");
    buffer_append_str(out, node);
}

bool
scripts_lease(struct scripts *s, enum scripts_name name, struct str node, uint64_t ms,
    struct scripts_reply to)
{
    struct buffer key = { 0 }, digits = { 0 };
    bool sent;

    ENSURE(name == SCRIPTS_BEAT || name == SCRIPTS_RETIRE);
    scripts_key_nodes(s, &key);
    buffer_append_u64(&digits, ms);
    sent = scripts_run(
        s, name, (struct scripts_args){ { buffer_str(&key), node, buffer_str(&digits) } }, to);
    buffer_fini(&key);
    buffer_fini(&digits);
    return sent;
}
