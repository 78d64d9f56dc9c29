/* SPDX-License-Identifier: MIT */
/*
 * client: one connection, from its opening to the subscription of its channel, and what it
 * receives from then on.
 */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "crowd.h"

enum client_size { CLIENT_READ_SIZE = 4 * 1024 * 1024 };

void client_init(struct client *c, struct crowd *crowd, uint32_t number);
void client_open(struct client *c);
/* One Engine.IO packet has arrived. */
void client_on_packet(struct client *c, const char *data, size_t len);
/* The transport's own handshake is over. */
void client_on_upgraded(struct client *c);
/* Sends a packet. */
void client_say(struct client *c, const char *packet);
/* Closes it whatever its state, to be opened anew. */
void client_close(struct client *c);
/* The connection ended, or has to. */
void client_end(struct client *c);

#endif
