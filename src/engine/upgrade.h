/* SPDX-License-Identifier: MIT */
/*
 * upgrade: a session's way from polling to a WebSocket that the client opened beside it.
 *
 * The candidate carries the handshake alone: "are you there?", then "move over".  Whatever goes
 * wrong with it, the session stays where it is.
 */
#ifndef ENGINE_UPGRADE_H
#define ENGINE_UPGRADE_H

#include <stdbool.h>

struct eio_packet;
struct eio_session;
struct eio_transport;

/* Whether one may begin now. */
bool upgrade_possible(const struct eio_session *s);
/* The session is OPEN; it is PROBING from now on. */
void upgrade_begin(struct eio_session *s, struct eio_transport *candidate);
bool upgrade_is_candidate(const struct eio_session *s, const struct eio_transport *t);
/* The client was told to leave its polls: they are answered at once. */
bool upgrade_probed(const struct eio_session *s);
/* A packet of the candidate. */
void upgrade_packet(struct eio_session *s, const struct eio_packet *p);

#endif
