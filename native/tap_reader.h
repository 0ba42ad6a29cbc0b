/*
 * Batch reads: waits for the TAP in Node's own loop, reads until the kernel has no more or the buffer is full, then calls
 * JavaScript once. Frames lie one behind the other, without alignment:
 *
 *     ┌──────────┬─────────────────────┬────────────────┬──────────┬────────────
 *     │ headroom │ virtio_net_hdr (10) │ Ethernet frame │ headroom │ virtio …
 *     └──────────┴─────────────────────┴────────────────┴──────────┴────────────
 *                                      ^ spans[2i]      ^ spans[2i+1]
 */
#ifndef VPN_WS_TAP_READER_H
#define VPN_WS_TAP_READER_H

#include <node_api.h>

struct tap_reader;

/* start(bytes, spans, headroom, callback(count, errno)): errno 0, or why reading ended for good. */
napi_value tap_reader_start(napi_env env, napi_callback_info info);
/* pause(), resume(): idempotent; after pause() no batch is read until resume(), also from within the callback. */
napi_value tap_reader_pause(napi_env env, napi_callback_info info);
napi_value tap_reader_resume(napi_env env, napi_callback_info info);
/* skipped(): frames lost because they were shorter than an Ethernet header or filled all the room. */
napi_value tap_reader_skipped(napi_env env, napi_callback_info info);

/* Gives back everything the reader holds; its memory goes when the loop has let go of the handle. */
void tap_reader_close(struct tap_reader *reader);

#endif
