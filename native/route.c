#include "route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "netlink.h"

#define IPV4_BYTES 4
#define IPV6_BYTES 16

/* A message of the kernel's dump is never larger (NLMSG_GOODSIZE, and 32 KiB since 4.6). */
#define MESSAGE_BYTES 32768

static bool is_address(const struct bytes *address) {
  return address->length == IPV4_BYTES || address->length == IPV6_BYTES;
}

/* True if the dump ends with this datagram; `error` is then 0 or the kernel's refusal. */
static bool ends_dump(const uint8_t *data, ssize_t length, int *error) {
  const struct nlmsghdr *message = (const struct nlmsghdr *)data;
  for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
    if (message->nlmsg_type == NLMSG_DONE) return true;
    if (message->nlmsg_type != NLMSG_ERROR) continue;
    bool is_whole = message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr));
    *error = is_whole ? -((const struct nlmsgerr *)NLMSG_DATA(message))->error : EBADMSG;
    return true;
  }
  return false;
}

/* Fills `target` with the whole dump; `length` is how long it is. Returns 0 or an errno, EMSGSIZE if there is more. */
static int dump(int fd, const struct netlink_request *request, const struct bytes *target, size_t *length) {
  if (send(fd, request, request->header.nlmsg_len, 0) < 0) return errno;
  int error = 0;
  for (*length = 0;;) {
    if (target->length - *length < MESSAGE_BYTES) return EMSGSIZE;
    /* The kernel writes the next part of a dump within recv(), so this does not wait. */
    ssize_t received = recv(fd, target->data + *length, target->length - *length, MSG_DONTWAIT);
    if (received < 0) return errno;
    if (ends_dump(target->data + *length, received, &error)) {
      *length += (size_t)received;
      return error;
    }
    *length += (size_t)received;
  }
}

/*
 * readRoutes(version, protocol, target) -> bytes written: RTM_NEWROUTE messages of the main table as the kernel gives
 * them, NLMSG_DONE behind. `version` is 4 or 6; protocol 0: any. Kernels before 4.20 do not filter: the reader checks.
 */
static napi_value read_routes(napi_env env, napi_callback_info info) {
  napi_value values[3], result;
  uint32_t version, protocol;
  struct bytes target;
  if (!arguments_read(env, info, 3, values, NULL) || !argument_u32(env, values[0], &version)) return NULL;
  if (!argument_u32(env, values[1], &protocol) || !argument_bytes(env, values[2], &target)) return NULL;

  struct rtmsg family = {.rtm_family = version == 6 ? AF_INET6 : AF_INET,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = (uint8_t)protocol};
  struct netlink_request request;
  netlink_begin(&request, RTM_GETROUTE, NLM_F_DUMP, &family, sizeof family);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return throw_errno(env, errno, "RTM_GETROUTE");
  int strict = 1;
  size_t length = 0;
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof strict);
  int error = dump(fd, &request, &target, &length);
  close(fd);
  if (error != 0) return throw_errno(env, error, "RTM_GETROUTE");
  napi_create_uint32(env, (uint32_t)length, &result);
  return result;
}

/* What all host routes that we set and remove have in common. */
struct host_route {
  struct bytes destination, gateway, source;
  uint32_t index, metric, protocol;
  bool is_onlink;
};

static void append_gateway(struct netlink_request *request, const struct host_route *route) {
  const struct bytes *gateway = &route->gateway;
  if (gateway->length == route->destination.length) {
    netlink_append(request, RTA_GATEWAY, gateway->data, gateway->length);
  } else if (gateway->length == IPV6_BYTES) {
    /* An IPv4 route by an IPv6 neighbour (RFC 5549). */
    uint8_t via[sizeof(uint16_t) + IPV6_BYTES];
    uint16_t family = AF_INET6;
    memcpy(via, &family, sizeof family);
    memcpy(via + sizeof family, gateway->data, IPV6_BYTES);
    netlink_append(request, RTA_VIA, via, sizeof via);
  }
}

static int change(uint16_t type, uint16_t flags, const struct host_route *route) {
  bool is_v6 = route->destination.length == IPV6_BYTES;
  bool is_link = route->gateway.length == 0 && !is_v6;
  struct rtmsg family = {.rtm_family = is_v6 ? AF_INET6 : AF_INET,
                         .rtm_dst_len = (uint8_t)(8 * route->destination.length),
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = (uint8_t)route->protocol,
                         .rtm_scope = is_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST,
                         .rtm_flags = route->is_onlink ? RTNH_F_ONLINK : 0};
  /* What is removed is known by destination, metric and protocol. */
  if (type == RTM_DELROUTE) family.rtm_scope = RT_SCOPE_NOWHERE;
  struct netlink_request request;
  netlink_begin(&request, type, NLM_F_ACK | flags, &family, sizeof family);
  netlink_append(&request, RTA_DST, route->destination.data, route->destination.length);
  netlink_append(&request, RTA_PRIORITY, &route->metric, sizeof route->metric);
  if (type == RTM_NEWROUTE) {
    netlink_append(&request, RTA_OIF, &route->index, sizeof route->index);
    append_gateway(&request, route);
    if (route->source.length > 0) netlink_append(&request, RTA_PREFSRC, route->source.data, route->source.length);
  }
  return netlink_acknowledge(&request);
}

/*
 * putHostRoute(destination, gateway, source, index, isOnlink, metric, protocol): makes the route to one address, or
 * changes the one with this metric. Addresses have 4 or 16 bytes; gateway and source may have none.
 */
static napi_value put_host_route(napi_env env, napi_callback_info info) {
  napi_value values[7];
  struct host_route route = {0};
  if (!arguments_read(env, info, 7, values, NULL)) return NULL;
  if (!argument_bytes(env, values[0], &route.destination) || !argument_bytes(env, values[1], &route.gateway)) return NULL;
  if (!argument_bytes(env, values[2], &route.source) || !argument_u32(env, values[3], &route.index)) return NULL;
  if (!argument_bool(env, values[4], &route.is_onlink) || !argument_u32(env, values[5], &route.metric)) return NULL;
  if (!argument_u32(env, values[6], &route.protocol)) return NULL;
  bool has_gateway = route.gateway.length > 0, has_source = route.source.length > 0;
  if (!is_address(&route.destination) || (has_gateway && !is_address(&route.gateway)) ||
      (has_source && route.source.length != route.destination.length))
    return throw_errno(env, EINVAL, "RTM_NEWROUTE");
  int error = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route);
  return error == 0 ? NULL : throw_errno(env, error, "RTM_NEWROUTE");
}

/* removeHostRoute(destination, metric, protocol) */
static napi_value remove_host_route(napi_env env, napi_callback_info info) {
  napi_value values[3];
  struct host_route route = {0};
  if (!arguments_read(env, info, 3, values, NULL) || !argument_bytes(env, values[0], &route.destination)) return NULL;
  if (!argument_u32(env, values[1], &route.metric) || !argument_u32(env, values[2], &route.protocol)) return NULL;
  if (!is_address(&route.destination)) return throw_errno(env, EINVAL, "RTM_DELROUTE");
  int error = change(RTM_DELROUTE, 0, &route);
  return error == 0 ? NULL : throw_errno(env, error, "RTM_DELROUTE");
}

/* linkName(index) -> the name of the link, empty if there is none */
static napi_value link_name(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  uint32_t index;
  char name[IFNAMSIZ] = "";
  if (!arguments_read(env, info, 1, values, NULL) || !argument_u32(env, values[0], &index)) return NULL;
  if (if_indextoname(index, name) == NULL) name[0] = '\0';
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* linkIndex(name) -> the index of the link, 0 if there is none */
static napi_value link_index(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  char name[IFNAMSIZ];
  if (!arguments_read(env, info, 1, values, NULL) || !argument_text(env, values[0], name, sizeof name)) return NULL;
  napi_create_uint32(env, if_nametoindex(name), &result);
  return result;
}

void route_register(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
      {.utf8name = "readRoutes", .method = read_routes, .attributes = napi_enumerable},
      {.utf8name = "putHostRoute", .method = put_host_route, .attributes = napi_enumerable},
      {.utf8name = "removeHostRoute", .method = remove_host_route, .attributes = napi_enumerable},
      {.utf8name = "linkName", .method = link_name, .attributes = napi_enumerable},
      {.utf8name = "linkIndex", .method = link_index, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
}
