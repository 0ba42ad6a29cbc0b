#include "tap_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "arguments.h"
#include "tap.h"

#define ETHERNET_HEADER_BYTES 14
/* An skb is at most 65536 bytes; the kernel puts a VLAN tag back into the frame while it copies. The rest is spare, so that
 * a read that fills all the room was cut by it and is told apart from a whole frame. */
#define FRAME_ROOM_BYTES (65536 + 22)

struct tap_reader {
  uv_poll_t handle; /* first: closed by address */
  napi_env env;
  struct tap *tap; /* NULL once closed */
  napi_async_cleanup_hook_handle cleanup;
  napi_ref bytes, spans, callback;
  uint32_t headroom;
  uint32_t skipped;
  bool paused;
  bool polling;
};

static void on_closed(uv_handle_t *handle) {
  struct tap_reader *reader = handle->data;
  napi_remove_async_cleanup_hook(reader->cleanup);
  free(reader);
}

void tap_reader_close(struct tap_reader *reader) {
  reader->tap = NULL;
  napi_delete_reference(reader->env, reader->bytes);
  napi_delete_reference(reader->env, reader->spans);
  napi_delete_reference(reader->env, reader->callback);
  uv_close((uv_handle_t *)&reader->handle, on_closed);
}

/* The environment ends (process exit or worker.terminate()) while the reader lives or is being closed. */
static void on_environment_end(napi_async_cleanup_hook_handle cleanup, void *data) {
  (void)cleanup;
  struct tap_reader *reader = data;
  if (reader->tap != NULL) tap_close(reader->tap);
}

/* Reads one frame to `target`, which has room for VNET_HEADER_BYTES + FRAME_ROOM_BYTES. Returns the Ethernet frame's length,
 * or -1 with errno set. */
static ssize_t read_frame(const struct tap *tap, uint8_t *target) {
  size_t header = tap->vnet_header ? VNET_HEADER_BYTES : 0;
  if (header == 0) memset(target, 0, VNET_HEADER_BYTES);
  ssize_t length;
  do {
    length = read(tap->fd, target + VNET_HEADER_BYTES - header, FRAME_ROOM_BYTES + header);
  } while (length < 0 && errno == EINTR);
  if (length < (ssize_t)header) return length < 0 ? -1 : 0;
  return length - (ssize_t)header;
}

/* Returns 0 or the errno that ended reading for good; `count` is the number of frames in the spans. */
static int fill(struct tap_reader *reader, struct bytes bytes, struct words spans, uint32_t *count) {
  size_t overhead = (size_t)reader->headroom + VNET_HEADER_BYTES, cursor = 0;
  for (size_t attempts = spans.length / 2; attempts > 0; attempts--) {
    if (bytes.length < cursor + overhead + FRAME_ROOM_BYTES) break;
    ssize_t length = read_frame(reader->tap, bytes.data + cursor + reader->headroom);
    if (length == -1) return errno == EAGAIN ? 0 : errno;
    if (length < ETHERNET_HEADER_BYTES || length == FRAME_ROOM_BYTES) {
      reader->skipped++;
      continue;
    }
    spans.data[2 * *count] = (uint32_t)(cursor + overhead);
    spans.data[2 * *count + 1] = (uint32_t)(cursor + overhead + (size_t)length);
    cursor += overhead + (size_t)length;
    ++*count;
  }
  return 0;
}

/* Asks for the buffers anew in each batch, because JavaScript could have detached them meanwhile. */
static int fill_from_references(struct tap_reader *reader, uint32_t *count) {
  napi_value bytes_value, spans_value;
  struct bytes bytes;
  struct words spans;
  if (napi_get_reference_value(reader->env, reader->bytes, &bytes_value) != napi_ok) return EFAULT;
  if (napi_get_reference_value(reader->env, reader->spans, &spans_value) != napi_ok) return EFAULT;
  if (!argument_bytes(reader->env, bytes_value, &bytes) || bytes.length == 0) return EFAULT;
  if (!argument_words(reader->env, spans_value, &spans) || spans.length < 2) return EFAULT;
  return fill(reader, bytes, spans, count);
}

/* An exception of the callback is an uncaught exception of the process. The reader may be closed when this returns. */
static void deliver(struct tap_reader *reader, uint32_t count, int error) {
  napi_env env = reader->env;
  napi_value callback, receiver, arguments[2], exception;
  if (napi_get_reference_value(env, reader->callback, &callback) != napi_ok) return;
  napi_get_global(env, &receiver);
  napi_create_uint32(env, count, &arguments[0]);
  napi_create_int32(env, error, &arguments[1]);
  if (napi_make_callback(env, NULL, receiver, callback, 2, arguments, NULL) != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void stop_polling(struct tap_reader *reader) {
  uv_poll_stop(&reader->handle);
  reader->polling = false;
}

/* pause() only sets a flag; the first event that comes while paused takes the descriptor out of the loop. So a pause that ends
 * before the next frame arrives costs no system call. */
static void on_readable(uv_poll_t *handle, int status, int events) {
  (void)events;
  struct tap_reader *reader = handle->data;
  if (reader->paused) {
    stop_polling(reader);
    return;
  }
  napi_handle_scope scope;
  if (napi_open_handle_scope(reader->env, &scope) != napi_ok) return;
  napi_env env = reader->env;
  uint32_t count = 0;
  int error = status < 0 ? -status : fill_from_references(reader, &count);
  if (error != 0) stop_polling(reader);
  if (count > 0 || error != 0) deliver(reader, count, error);
  napi_close_handle_scope(env, scope);
}

static void start_polling(struct tap_reader *reader) {
  if (!reader->polling) reader->polling = uv_poll_start(&reader->handle, UV_READABLE, on_readable) == 0;
}

/* Returns 0 or an errno; on an error nothing is left behind. */
static int open_reader(napi_env env, struct tap *tap, uint32_t headroom, struct tap_reader **result) {
  struct uv_loop_s *loop;
  struct tap_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return ENOMEM;
  int failed = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, &reader->handle, tap->fd) : UV_EINVAL;
  if (failed != 0) {
    free(reader);
    return -failed;
  }
  reader->handle.data = reader;
  reader->env = env;
  reader->tap = tap;
  reader->headroom = headroom;
  napi_add_async_cleanup_hook(env, on_environment_end, reader, &reader->cleanup);
  *result = reader;
  return 0;
}

napi_value tap_reader_start(napi_env env, napi_callback_info info) {
  napi_value values[4], self;
  struct bytes bytes;
  struct words spans;
  uint32_t headroom;
  napi_valuetype type;
  if (!arguments_read(env, info, 4, values, &self)) return NULL;
  if (!argument_bytes(env, values[0], &bytes) || !argument_words(env, values[1], &spans)) return NULL;
  if (!argument_u32(env, values[2], &headroom)) return NULL;
  if (napi_typeof(env, values[3], &type) != napi_ok || type != napi_function) return throw_errno(env, EINVAL, "start");
  if (bytes.length < (size_t)headroom + VNET_HEADER_BYTES + FRAME_ROOM_BYTES) return throw_errno(env, ENOBUFS, "start");

  struct tap *tap = tap_unwrap(env, self);
  if (tap == NULL) return NULL;
  if (tap->fd < 0 || tap->reader != NULL) return throw_errno(env, tap->fd < 0 ? EBADF : EALREADY, "start");
  int error = open_reader(env, tap, headroom, &tap->reader);
  if (error != 0) return throw_errno(env, error, "start");
  napi_create_reference(env, values[0], 1, &tap->reader->bytes);
  napi_create_reference(env, values[1], 1, &tap->reader->spans);
  napi_create_reference(env, values[3], 1, &tap->reader->callback);
  start_polling(tap->reader);
  return NULL;
}

static struct tap_reader *reader_of_call(napi_env env, napi_callback_info info) {
  napi_value self;
  if (!arguments_read(env, info, 0, NULL, &self)) return NULL;
  struct tap *tap = tap_unwrap(env, self);
  return tap == NULL ? NULL : tap->reader;
}

napi_value tap_reader_pause(napi_env env, napi_callback_info info) {
  struct tap_reader *reader = reader_of_call(env, info);
  if (reader != NULL) reader->paused = true;
  return NULL;
}

napi_value tap_reader_resume(napi_env env, napi_callback_info info) {
  struct tap_reader *reader = reader_of_call(env, info);
  if (reader == NULL) return NULL;
  reader->paused = false;
  start_polling(reader);
  return NULL;
}

napi_value tap_reader_skipped(napi_env env, napi_callback_info info) {
  struct tap_reader *reader = reader_of_call(env, info);
  napi_value result;
  napi_create_uint32(env, reader == NULL ? 0 : reader->skipped, &result);
  return result;
}
