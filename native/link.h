/* A network link (interface) through rtnetlink: reading it, and setting it up without the `ip` program. */
#ifndef VPN_WS_LINK_H
#define VPN_WS_LINK_H

#include <node_api.h>

void link_register(napi_env env, napi_value exports);

#endif
