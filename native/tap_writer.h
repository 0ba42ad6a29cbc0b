/* Batch writes: one call from JavaScript, one system call per frame (a TAP takes no more at once). */
#ifndef VPN_WS_TAP_WRITER_H
#define VPN_WS_TAP_WRITER_H

#include <node_api.h>

/*
 * write(bytes, entries, count) -> frames refused. An entry is three words: start and end of the Ethernet frame in `bytes`, and
 * flags; bit 0 says that the ten bytes before start are its virtio-net header. Never blocks. A frame is refused if the
 * kernel does not take it, or if its entry points outside of `bytes`; bit 1 of its flags is set then.
 */
napi_value tap_writer_write(napi_env env, napi_callback_info info);

#endif
