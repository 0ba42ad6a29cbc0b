/* What a process may still do, changed in all of its threads. */
#ifndef VPN_WS_PROCESS_H
#define VPN_WS_PROCESS_H

#include <node_api.h>

void process_register(napi_env env, napi_value exports);

#endif
