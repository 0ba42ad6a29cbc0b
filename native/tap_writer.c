#include "tap_writer.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "arguments.h"
#include "tap.h"

#define ENTRY_WORDS 3
#define FLAG_VNET_HEADER 1u
#define FLAG_REFUSED 2u

/* An ordinary frame's header: no checksum to finish, no segmentation. */
static const uint8_t plain_header[VNET_HEADER_BYTES];

static ssize_t write_with_plain_header(int fd, uint8_t *frame, size_t length) {
  struct iovec parts[2] = {
      {.iov_base = (void *)plain_header, .iov_len = sizeof plain_header},
      {.iov_base = frame, .iov_len = length},
  };
  return writev(fd, parts, 2);
}

static bool write_frame(const struct tap *tap, uint8_t *frame, size_t length, bool has_header) {
  ssize_t written;
  do {
    if (!tap->vnet_header) {
      written = write(tap->fd, frame, length);
    } else if (has_header) {
      written = write(tap->fd, frame - VNET_HEADER_BYTES, length + VNET_HEADER_BYTES);
    } else {
      written = write_with_plain_header(tap->fd, frame, length);
    }
  } while (written < 0 && errno == EINTR);
  return written >= 0;
}

static bool write_entry(const struct tap *tap, struct bytes bytes, const uint32_t *entry) {
  uint32_t start = entry[0], end = entry[1];
  bool has_header = (entry[2] & FLAG_VNET_HEADER) != 0;
  if (start > end || end > bytes.length || (has_header && start < VNET_HEADER_BYTES)) return false;
  return write_frame(tap, bytes.data + start, end - start, has_header);
}

napi_value tap_writer_write(napi_env env, napi_callback_info info) {
  napi_value values[3], self, result;
  struct bytes bytes;
  struct words entries;
  uint32_t count, refused = 0;
  if (!arguments_read(env, info, 3, values, &self)) return NULL;
  if (!argument_bytes(env, values[0], &bytes) || !argument_words(env, values[1], &entries)) return NULL;
  if (!argument_u32(env, values[2], &count)) return NULL;
  if (count > entries.length / ENTRY_WORDS) return throw_errno(env, EINVAL, "write");
  struct tap *tap = tap_unwrap(env, self);
  if (tap == NULL) return NULL;

  for (uint32_t i = 0; i < count; i++) {
    uint32_t *entry = entries.data + ENTRY_WORDS * i;
    if (write_entry(tap, bytes, entry)) continue;
    entry[2] |= FLAG_REFUSED;
    refused++;
  }
  napi_create_uint32(env, refused, &result);
  return result;
}
