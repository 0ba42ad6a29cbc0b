/* The WebSocket mask (RFC 6455 section 5.3), eight bytes at a time. */
#ifndef VPN_WS_MASK_H
#define VPN_WS_MASK_H

#include <node_api.h>

void mask_register(napi_env env, napi_value exports);

#endif
