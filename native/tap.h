/*
 * A TAP device as the class `Tap` in JavaScript. The descriptor never leaves C: a number that outlived close() could
 * name somebody else's socket.
 *
 *     new Tap(name, vnetHeader) ── start ──► reading ⇄ paused ── close ──► closed (also by GC and environment end)
 *
 * Frames have one layout whether or not the kernel gives virtio-net headers: VNET_HEADER_BYTES before each frame.
 */
#ifndef VPN_WS_TAP_H
#define VPN_WS_TAP_H

#include <node_api.h>
#include <stdbool.h>

/* sizeof(struct virtio_net_hdr), the form without num_buffers; little-endian. */
#define VNET_HEADER_BYTES 10

struct tap_reader;

struct tap {
  int fd;                    /* -1 once closed */
  bool vnet_header;          /* the kernel gives and takes virtio-net headers */
  struct tap_reader *reader; /* NULL before start and after close */
};

void tap_register(napi_env env, napi_value exports);

/* Stops reading and closes the descriptor, with which a non-persistent TAP goes away. Idempotent. */
void tap_close(struct tap *tap);

/* The receiver of a method call; NULL with an exception pending if it is no Tap. */
struct tap *tap_unwrap(napi_env env, napi_value self);

#endif
