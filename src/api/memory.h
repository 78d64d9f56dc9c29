/* SPDX-License-Identifier: MIT */
/*
 * memory: what the process uses, for the status answer, under the names of Node.  Any thread.
 */
#ifndef API_MEMORY_H
#define API_MEMORY_H

struct buffer;

/* {"rss":N,"heapTotal":N,"heapUsed":N,"external":N}: resident; of the allocator; in use of that;
 * mapped by it for large blocks. */
void memory_append(struct buffer *out);

#endif
