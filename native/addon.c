/*
 * The addon: what Node cannot do with a TAP, a link and a socket. No policy lives here; src/device decides.
 * Nothing is static and mutable, so every worker thread may load it.
 */
#include <node_api.h>

#include "link.h"
#include "mask.h"
#include "socket_options.h"
#include "tap.h"

NAPI_MODULE_INIT() {
  tap_register(env, exports);
  link_register(env, exports);
  socket_options_register(env, exports);
  mask_register(env, exports);
  return exports;
}
