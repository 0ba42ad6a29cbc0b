/* setsockopt and getsockopt on a descriptor, for the options that Node has no name for. */
#ifndef VPN_WS_SOCKET_OPTIONS_H
#define VPN_WS_SOCKET_OPTIONS_H

#include <node_api.h>

void socket_options_register(napi_env env, napi_value exports);

#endif
