/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets: the keys of session tickets: one set for the process, so that a ticket is good
 * whichever worker gets it, and when the certificate is renewed.
 */
#ifndef TLS_TLS_TICKETS_H
#define TLS_TLS_TICKETS_H

/* Tickets are made with a new key from now on; those that were made with the one before are still
 * good.  One thread alone calls it, with hours in between. */
void tls_tickets_renew(void);

#endif
