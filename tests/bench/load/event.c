/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <stdio.h>
#include <string.h>

#include "die.h"

/* These make the lengths constant, and stay below 2^53 for readers in JavaScript. */
static const uint64_t first_time = 1000000000000000;
static const uint32_t first_number = 1000000;

static const char begin[] = "{\"t\":";
static const char middle[] = ",\"n\":";

enum { TIME_AT = 5, TIME_LEN = 16, NUMBER_AT = 26, NUMBER_LEN = 7, HEAD_LEN = 39 };

/* Sixteen letters in no order: compresses to about half, as JSON does. */
static void
pad(char *out, size_t len)
{
    uint32_t state = 1;

    for (size_t i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        out[i] = (char)('a' + (state >> 28));
    }
}

void
event_write(char *out, size_t size, uint64_t now_us, uint32_t number)
{
    char head[HEAD_LEN + 32];

    if (size < EVENT_LEAST)
        die("payload is %zu: expected at least %d", size, EVENT_LEAST);
    (void)snprintf(head, sizeof(head), "%s%llu%s%u,\"p\":\"", begin,
        (unsigned long long)(first_time + now_us), middle, first_number + number);
    memcpy(out, head, HEAD_LEN);
    pad(out + HEAD_LEN, size - HEAD_LEN - 2);
    out[size - 2] = '"';
    out[size - 1] = '}';
}

static uint64_t
digits(const char *text, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    return value;
}

/* Where the data begins: mostly where the last event's did. */
static const char *
find_data(struct crowd *crowd, const char *text, size_t len)
{
    const char *guess = text + crowd->data_at;

    if (crowd->data_at + HEAD_LEN <= len && memcmp(guess, begin, sizeof(begin) - 1) == 0)
        return guess;
    const char *found = memmem(text, len, begin, sizeof(begin) - 1);
    if (found == NULL || len - (size_t)(found - text) < HEAD_LEN)
        return NULL;
    crowd->data_at = (size_t)(found - text);
    return found;
}

static void
count_number(struct crowd_counts *counts, struct client *c, uint32_t number)
{
    if (c->last != 0 && number <= c->last)
        counts->misordered++;
    else if (c->last != 0)
        counts->gaps += number - c->last - 1;
    if (number > c->last)
        c->last = number;
}

bool
event_take(struct crowd *crowd, struct client *c, const char *text, size_t len)
{
    const char *data = find_data(crowd, text, len);

    if (data == NULL)
        return false;
    if (memcmp(data + NUMBER_AT - (sizeof(middle) - 1), middle, sizeof(middle) - 1) != 0 ||
        text[len - 1] != ']') {
        crowd->counts.malformed++;
        return true;
    }
    crowd->counts.received++;
    count_number(&crowd->counts, c, (uint32_t)digits(data + NUMBER_AT, NUMBER_LEN) - first_number);
    histogram_add(
        &crowd->latency, crowd_now_us() - (digits(data + TIME_AT, TIME_LEN) - first_time));
    return true;
}
