/* SPDX-License-Identifier: MIT */
/*
 * stream_peer: the address at the other end, kept as IPv6 has it.
 */
#include <arpa/inet.h>
#include <string.h>

#include "stream_priv.h"

void
stream_peer_note(struct stream *s, const struct sockaddr *peer)
{
    const struct sockaddr_in *v4 = (const void *)peer;
    const struct sockaddr_in6 *v6 = (const void *)peer;

    s->local = peer->sa_family != AF_INET && peer->sa_family != AF_INET6;
    if (peer->sa_family == AF_INET6)
        s->peer = v6->sin6_addr;
    if (peer->sa_family != AF_INET)
        return;
    s->peer.s6_addr[10] = s->peer.s6_addr[11] = 0xff; /* mapped, as an IPv6 socket has it */
    memcpy(&s->peer.s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
}

const char *
stream_peer(const struct stream *s, char text[STREAM_PEER_SIZE])
{
    bool mapped = IN6_IS_ADDR_V4MAPPED(&s->peer);

    if (s->local)
        return memcpy(text, "unix", sizeof("unix"));
    return inet_ntop(mapped ? AF_INET : AF_INET6,
        mapped ? (const void *)&s->peer.s6_addr[12] : &s->peer, text, STREAM_PEER_SIZE);
}
