/*
 * Tells that links, addresses or routes of this network namespace changed, and no more: what there is now is read by
 * whoever wants to know. Messages are taken out of the socket unseen, so that their layouts do not matter here.
 */
#ifndef VPN_WS_NETLINK_WATCH_H
#define VPN_WS_NETLINK_WATCH_H

#include <node_api.h>

/* NetlinkWatch(onChange(errno)): a class with close(). errno 0, or why the watch ended for good. */
void netlink_watch_register(napi_env env, napi_value exports);

#endif
