/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include "net_priv.h"

#define MAX_RETRIES 12
#define RTO_MAX 480000000UL

const char *net__tcp_state_name(enum net__tcp_state s)
{
	static const char *const names[] = {
		"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
		"FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT",
	};

	return s < ARRAY_SIZE(names) ? names[s] : "?";
}

/* Start again from what is not acknowledged. */
static void expired(struct net__tcp *t, nsec_t now)
{
	net__stats.tcp_retrans++;
	if (++t->retries > MAX_RETRIES) {
		net__tcp_drop(t, -ETIMEDOUT);
		return;
	}
	t->rto = MIN(t->rto * 2, RTO_MAX);
	t->retrans_at = now + t->rto;
	if (net__tcp_resend_syn(t))
		return;
	t->snd_nxt = t->snd_una;
	/* the FIN goes again, behind the data */
	if (t->state == TCP_FIN_WAIT1 || t->state == TCP_CLOSING || t->state == TCP_LAST_ACK ||
	    t->tx_len)
		net__tcp_output(t);
}

/* When the next timer runs out; 0 if none is set. */
nsec_t net__tcp_timer(nsec_t now)
{
	struct net__tcp *t, *n;
	nsec_t next = 0;

	uk_list_for_each_entry_safe(t, n, &net__tcps, link)
		if (t->retrans_at && t->retrans_at <= now)
			expired(t, now);
	uk_list_for_each_entry(t, &net__tcps, link)
		if (t->retrans_at && (!next || t->retrans_at < next))
			next = t->retrans_at;
	return next;
}
