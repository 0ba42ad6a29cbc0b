/* One rtnetlink request and its answer (linux/rtnetlink.h, RFC 3549): built on the stack, sent, awaited, done. */
#ifndef VPN_WS_NETLINK_H
#define VPN_WS_NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a family header and the few small attributes that are sent. */
struct netlink_request {
  struct nlmsghdr header;
  uint8_t payload[256];
};

/* Starts a request whose family header (struct ifinfomsg, struct ifaddrmsg) is `family`. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *family, size_t length);
/* Appends an attribute; the caller's attributes are known to fit. */
void netlink_append(struct netlink_request *request, uint16_t type, const void *value, size_t length);

/* Sends the request and receives its answer, at most `size` bytes of it. Returns 0 or the errno of the kernel's refusal. */
int netlink_transact(const struct netlink_request *request, void *answer, size_t size);
/* The same for a request with NLM_F_ACK, whose answer says no more than yes or no. */
int netlink_acknowledge(const struct netlink_request *request);

#endif
