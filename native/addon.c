/*
 * The addon: what Node cannot do with a TAP, a link and a socket. No policy lives here; src/device decides.
 * Every worker thread may load it: nothing is static and mutable but what threads.c shares with its signal handler,
 * behind a lock.
 */
#include <node_api.h>

#include "link.h"
#include "mask.h"
#include "netlink_watch.h"
#include "process.h"
#include "route.h"
#include "socket_options.h"
#include "tap.h"

NAPI_MODULE_INIT() {
  tap_register(env, exports);
  link_register(env, exports);
  route_register(env, exports);
  socket_options_register(env, exports);
  mask_register(env, exports);
  netlink_watch_register(env, exports);
  process_register(env, exports);
  return exports;
}
