#include "netlink_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "arguments.h"

/* Messages taken out in one turn of the loop. A storm of routes must not hold up the frames; the rest waits its turn. */
#define MESSAGES_PER_TURN 256

/* What the JavaScript object owns. */
struct owner {
  struct netlink_watch *watch; /* NULL once closed */
};

/* Stays until the loop has let go of the handle, which may be after the object. */
struct netlink_watch {
  uv_poll_t handle; /* first: closed by address */
  struct owner *owner; /* NULL once closed */
  napi_env env;
  napi_ref callback;
  napi_async_cleanup_hook_handle cleanup;
  int fd;
};

static void on_closed(uv_handle_t *handle) {
  struct netlink_watch *watch = handle->data;
  close(watch->fd);
  napi_remove_async_cleanup_hook(watch->cleanup);
  free(watch);
}

static void close_watch(struct owner *owner) {
  struct netlink_watch *watch = owner->watch;
  if (watch == NULL) return;
  owner->watch = NULL;
  watch->owner = NULL;
  napi_delete_reference(watch->env, watch->callback);
  uv_close((uv_handle_t *)&watch->handle, on_closed);
}

/* The environment ends (process exit or worker.terminate()) while the watch lives or is being closed. */
static void on_environment_end(napi_async_cleanup_hook_handle cleanup, void *data) {
  (void)cleanup;
  struct netlink_watch *watch = data;
  if (watch->owner != NULL) close_watch(watch->owner);
}

/* Returns 0 if something changed, EAGAIN if nothing did, or the errno that ended the watch. ENOBUFS says that messages
 * were lost, and so that something changed. */
static int take_messages(int fd) {
  int result = EAGAIN;
  for (int taken = 0; taken < MESSAGES_PER_TURN; taken++) {
    char ignored;
    /* Linux drops what does not fit into the buffer. */
    ssize_t length = recv(fd, &ignored, sizeof ignored, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return result;
    if (length < 0 && errno != ENOBUFS && errno != EINTR) return errno;
    result = 0;
  }
  return result;
}

/* An exception of the callback is an uncaught exception of the process. The watch may be closed when this returns. */
static void tell(struct netlink_watch *watch, int error) {
  napi_env env = watch->env;
  napi_value callback, receiver, argument, exception;
  if (napi_get_reference_value(env, watch->callback, &callback) != napi_ok) return;
  napi_get_global(env, &receiver);
  napi_create_int32(env, error, &argument);
  if (napi_make_callback(env, NULL, receiver, callback, 1, &argument, NULL) != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void on_readable(uv_poll_t *handle, int status, int events) {
  (void)events;
  struct netlink_watch *watch = handle->data;
  int error = status < 0 ? -status : take_messages(watch->fd);
  if (error == EAGAIN) return;
  if (error != 0) uv_poll_stop(handle);
  napi_handle_scope scope;
  napi_env env = watch->env;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  tell(watch, error);
  napi_close_handle_scope(env, scope);
}

/* Returns a socket that hears of links, addresses and routes, which needs no privilege; or -1 with errno set. */
static int subscribe(void) {
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
  };
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Owns the descriptor if it succeeds. Returns 0 or an errno. */
static int start(napi_env env, int fd, napi_value callback, struct owner *owner) {
  struct uv_loop_s *loop;
  struct netlink_watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL) return ENOMEM;
  int failed = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, &watch->handle, fd) : UV_EINVAL;
  if (failed != 0) {
    free(watch);
    return -failed;
  }
  watch->handle.data = watch;
  watch->owner = owner;
  watch->env = env;
  watch->fd = fd;
  napi_create_reference(env, callback, 1, &watch->callback);
  napi_add_async_cleanup_hook(env, on_environment_end, watch, &watch->cleanup);
  uv_poll_start(&watch->handle, UV_READABLE, on_readable);
  /* Who only watches does not keep the process alive. */
  uv_unref((uv_handle_t *)&watch->handle);
  owner->watch = watch;
  return 0;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  close_watch(data);
  free(data);
}

/* new NetlinkWatch(onChange(errno)) */
static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value values[1], self, new_target = NULL;
  napi_valuetype type;
  if (napi_get_new_target(env, info, &new_target) != napi_ok || new_target == NULL) {
    napi_throw_type_error(env, NULL, "NetlinkWatch is a class: use new");
    return NULL;
  }
  if (!arguments_read(env, info, 1, values, &self)) return NULL;
  if (napi_typeof(env, values[0], &type) != napi_ok || type != napi_function) return throw_errno(env, EINVAL, "watch");
  struct owner *owner = calloc(1, sizeof *owner);
  if (owner == NULL || napi_wrap(env, self, owner, finalize, NULL, NULL) != napi_ok) {
    free(owner);
    return throw_errno(env, ENOMEM, "wrap");
  }
  int fd = subscribe();
  if (fd < 0) return throw_errno(env, errno, "bind");
  int error = start(env, fd, values[0], owner);
  if (error == 0) return self;
  close(fd);
  return throw_errno(env, error, "watch");
}

static napi_value close_method(napi_env env, napi_callback_info info) {
  napi_value self;
  void *owner;
  if (!arguments_read(env, info, 0, NULL, &self)) return NULL;
  if (napi_unwrap(env, self, &owner) == napi_ok) close_watch(owner);
  else napi_throw_type_error(env, NULL, "not a NetlinkWatch");
  return NULL;
}

void netlink_watch_register(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {{.utf8name = "close", .method = close_method}};
  napi_value class;
  if (napi_define_class(env, "NetlinkWatch", NAPI_AUTO_LENGTH, construct, NULL, 1, methods, &class) == napi_ok)
    napi_set_named_property(env, exports, "NetlinkWatch", class);
}
