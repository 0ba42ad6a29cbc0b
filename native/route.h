/* Routes of the main table through rtnetlink: reading all of them, setting and removing one. */
#ifndef VPN_WS_ROUTE_H
#define VPN_WS_ROUTE_H

#include <node_api.h>

void route_register(napi_env env, napi_value exports);

#endif
