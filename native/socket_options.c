#include "socket_options.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "arguments.h"

#define TEXT_BYTES 64

struct option {
  int32_t fd;
  int32_t level;
  int32_t name;
};

static bool read_option(napi_env env, napi_value *values, struct option *option) {
  return argument_i32(env, values[0], &option->fd) && argument_i32(env, values[1], &option->level) &&
         argument_i32(env, values[2], &option->name);
}

/* setSocketOption(fd, level, name, number) */
static napi_value set_number_option(napi_env env, napi_callback_info info) {
  napi_value values[4];
  struct option option;
  int32_t number;
  if (!arguments_read(env, info, 4, values, NULL) || !read_option(env, values, &option)) return NULL;
  if (!argument_i32(env, values[3], &number)) return NULL;
  if (setsockopt(option.fd, option.level, option.name, &number, sizeof number) == 0) return NULL;
  return throw_errno(env, errno, "setsockopt");
}

/* setSocketOptionText(fd, level, name, text) */
static napi_value set_text_option(napi_env env, napi_callback_info info) {
  napi_value values[4];
  struct option option;
  char text[TEXT_BYTES];
  if (!arguments_read(env, info, 4, values, NULL) || !read_option(env, values, &option)) return NULL;
  if (!argument_text(env, values[3], text, sizeof text)) return NULL;
  if (setsockopt(option.fd, option.level, option.name, text, (socklen_t)strlen(text)) == 0) return NULL;
  return throw_errno(env, errno, "setsockopt");
}

/* getSocketOption(fd, level, name) -> number */
static napi_value get_number_option(napi_env env, napi_callback_info info) {
  napi_value values[3], result;
  struct option option;
  int32_t number = 0;
  socklen_t length = sizeof number;
  if (!arguments_read(env, info, 3, values, NULL) || !read_option(env, values, &option)) return NULL;
  if (getsockopt(option.fd, option.level, option.name, &number, &length) != 0)
    return throw_errno(env, errno, "getsockopt");
  napi_create_int32(env, number, &result);
  return result;
}

/* getSocketOptionText(fd, level, name) -> text */
static napi_value get_text_option(napi_env env, napi_callback_info info) {
  napi_value values[3], result;
  struct option option;
  char text[TEXT_BYTES] = {0};
  socklen_t length = sizeof text - 1;
  if (!arguments_read(env, info, 3, values, NULL) || !read_option(env, values, &option)) return NULL;
  if (getsockopt(option.fd, option.level, option.name, text, &length) != 0) return throw_errno(env, errno, "getsockopt");
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

#define STATE_WORDS 6

static uint32_t clamp(uint64_t value) {
  return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/*
 * socketState(fd, words) -> whether it is TCP. Words, all but the second 0 if it is not:
 *   0 smoothed round trip, microseconds
 *   1 bytes not sent yet (of a unix socket: not read yet)
 *   2 bytes per second that TCP paces itself to
 *   3 shortest round trip, microseconds
 *   4 bytes in flight, by tcp_packets_in_flight of the kernel
 *   5 bytes delivered, without those of lost and repeated segments, modulo 2^32
 */
static napi_value get_socket_state(napi_env env, napi_callback_info info) {
  napi_value values[2], result;
  int32_t fd;
  struct words words;
  struct tcp_info tcp;
  socklen_t length = sizeof tcp;
  int unsent = 0;
  if (!arguments_read(env, info, 2, values, NULL) || !argument_i32(env, values[0], &fd)) return NULL;
  if (!argument_words(env, values[1], &words)) return NULL;
  if (words.length < STATE_WORDS) return throw_errno(env, EINVAL, "socketState");
  memset(&tcp, 0, sizeof tcp);
  bool is_tcp = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &length) == 0;
  if (!is_tcp && errno != EOPNOTSUPP && errno != ENOPROTOOPT) return throw_errno(env, errno, "getsockopt");
  if (ioctl(fd, is_tcp ? SIOCOUTQNSD : SIOCOUTQ, &unsent) != 0) return throw_errno(env, errno, "ioctl");
  words.data[0] = tcp.tcpi_rtt;
  words.data[1] = (uint32_t)unsent;
  words.data[2] = clamp(tcp.tcpi_pacing_rate);
  words.data[3] = tcp.tcpi_min_rtt;
  words.data[4] = (tcp.tcpi_unacked - tcp.tcpi_sacked - tcp.tcpi_lost + tcp.tcpi_retrans) * tcp.tcpi_snd_mss;
  words.data[5] = tcp.tcpi_delivered * tcp.tcpi_snd_mss;
  napi_get_boolean(env, is_tcp, &result);
  return result;
}

/* peerCredentials(fd) -> { pid, uid, gid } of the process at the other end of a unix socket (SO_PEERCRED) */
static napi_value get_peer_credentials(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  int32_t fd;
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (!arguments_read(env, info, 1, values, NULL) || !argument_i32(env, values[0], &fd)) return NULL;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return throw_errno(env, errno, "getsockopt");
  napi_create_object(env, &result);
  set_number(env, result, "pid", credentials.pid);
  set_number(env, result, "uid", credentials.uid);
  set_number(env, result, "gid", credentials.gid);
  return result;
}

/* peekByte(fd) -> the next byte that was received, which stays there; -1 if there is none, nor will be, or not yet */
static napi_value peek_byte(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  int32_t fd;
  uint8_t byte;
  if (!arguments_read(env, info, 1, values, NULL) || !argument_i32(env, values[0], &fd)) return NULL;
  ssize_t length = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  napi_create_int32(env, length == 1 ? byte : -1, &result);
  return result;
}

/* openTcpSocket(version) -> descriptor of an unconnected socket for IPv4 or IPv6 (4 or 6) */
static napi_value open_tcp_socket(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  int32_t version;
  if (!arguments_read(env, info, 1, values, NULL) || !argument_i32(env, values[0], &version)) return NULL;
  int fd = socket(version == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return throw_errno(env, errno, "socket");
  napi_create_int32(env, fd, &result);
  return result;
}

void socket_options_register(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
      {.utf8name = "setSocketOption", .method = set_number_option, .attributes = napi_enumerable},
      {.utf8name = "setSocketOptionText", .method = set_text_option, .attributes = napi_enumerable},
      {.utf8name = "getSocketOption", .method = get_number_option, .attributes = napi_enumerable},
      {.utf8name = "getSocketOptionText", .method = get_text_option, .attributes = napi_enumerable},
      {.utf8name = "openTcpSocket", .method = open_tcp_socket, .attributes = napi_enumerable},
      {.utf8name = "peekByte", .method = peek_byte, .attributes = napi_enumerable},
      {.utf8name = "socketState", .method = get_socket_state, .attributes = napi_enumerable},
      {.utf8name = "peerCredentials", .method = get_peer_credentials, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
}
