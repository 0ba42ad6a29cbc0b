#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arguments.h"
#include "tap_reader.h"
#include "tap_writer.h"

/* Fixes the header's size and byte order. The order is a question on big-endian hosts only: elsewhere an old kernel
 * without TUNSETVNETLE (before 4.0) gives little-endian anyway. */
static const char *fix_header_layout(int fd) {
  int size = VNET_HEADER_BYTES, little_endian = 1;
  if (ioctl(fd, TUNSETVNETHDRSZ, &size) != 0) return "TUNSETVNETHDRSZ";
  if (ioctl(fd, TUNSETVNETLE, &little_endian) != 0 && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) return "TUNSETVNETLE";
  return NULL;
}

/* Makes or attaches the TAP `request->ifr_name`. Returns NULL, or the name of the call that failed with errno set. */
static const char *attach(int fd, bool wants_header, struct ifreq *request, bool *has_header) {
  unsigned int features = 0;
  if (ioctl(fd, TUNGETFEATURES, &features) != 0) return "TUNGETFEATURES";
  *has_header = wants_header && (features & IFF_VNET_HDR) != 0;
  request->ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (*has_header ? IFF_VNET_HDR : 0));
  if (ioctl(fd, TUNSETIFF, request) != 0) return "TUNSETIFF";
  return *has_header ? fix_header_layout(fd) : NULL;
}

void tap_close(struct tap *tap) {
  if (tap->reader != NULL) tap_reader_close(tap->reader);
  tap->reader = NULL;
  if (tap->fd >= 0) close(tap->fd);
  tap->fd = -1;
}

struct tap *tap_unwrap(napi_env env, napi_value self) {
  void *tap = NULL;
  if (napi_unwrap(env, self, &tap) != napi_ok) napi_throw_type_error(env, NULL, "not a Tap");
  return tap;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  tap_close(data);
  free(data);
}

/* Wraps an open descriptor, and owns it from here on whatever happens. */
static napi_value wrap(napi_env env, napi_value self, int fd, bool has_header, const char *name) {
  struct tap *tap = malloc(sizeof *tap);
  if (tap != NULL) *tap = (struct tap){.fd = fd, .vnet_header = has_header};
  if (tap == NULL || napi_wrap(env, self, tap, finalize, NULL, NULL) != napi_ok) {
    free(tap);
    close(fd);
    return throw_errno(env, ENOMEM, "wrap");
  }
  napi_value text, flag;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
  napi_get_boolean(env, has_header, &flag);
  napi_set_named_property(env, self, "name", text);
  napi_set_named_property(env, self, "vnetHeader", flag);
  return self;
}

/* new Tap(name, vnetHeader): a `%d` in the name lets the kernel choose the number. */
static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value values[2], self, new_target = NULL;
  struct ifreq request = {0};
  bool wants_header, has_header;
  if (napi_get_new_target(env, info, &new_target) != napi_ok || new_target == NULL) {
    napi_throw_type_error(env, NULL, "Tap is a class: use new");
    return NULL;
  }
  if (!arguments_read(env, info, 2, values, &self)) return NULL;
  if (!argument_text(env, values[0], request.ifr_name, sizeof request.ifr_name)) return NULL;
  if (!argument_bool(env, values[1], &wants_header)) return NULL;

  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return throw_errno(env, errno, "open");
  const char *failed = attach(fd, wants_header, &request, &has_header);
  if (failed != NULL) {
    int error = errno;
    close(fd);
    return throw_errno(env, error, failed);
  }
  return wrap(env, self, fd, has_header, request.ifr_name);
}

/* setOffload(set): TUNSETOFFLOAD; false if the kernel does not know every bit. */
static napi_value set_offload(napi_env env, napi_callback_info info) {
  napi_value values[1], self, result;
  uint32_t set;
  if (!arguments_read(env, info, 1, values, &self) || !argument_u32(env, values[0], &set)) return NULL;
  struct tap *tap = tap_unwrap(env, self);
  if (tap == NULL) return NULL;
  napi_get_boolean(env, ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)set) == 0, &result);
  return result;
}

static napi_value close_tap(napi_env env, napi_callback_info info) {
  napi_value self;
  if (!arguments_read(env, info, 0, NULL, &self)) return NULL;
  struct tap *tap = tap_unwrap(env, self);
  if (tap != NULL) tap_close(tap);
  return NULL;
}

void tap_register(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      {.utf8name = "setOffload", .method = set_offload},   {.utf8name = "start", .method = tap_reader_start},
      {.utf8name = "pause", .method = tap_reader_pause},   {.utf8name = "resume", .method = tap_reader_resume},
      {.utf8name = "skipped", .method = tap_reader_skipped}, {.utf8name = "write", .method = tap_writer_write},
      {.utf8name = "close", .method = close_tap},
  };
  napi_value class;
  if (napi_define_class(env, "Tap", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods,
                        &class) == napi_ok)
    napi_set_named_property(env, exports, "Tap", class);
}
