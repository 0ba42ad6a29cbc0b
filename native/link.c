#include "link.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "arguments.h"
#include "netlink.h"

#define MAC_BYTES 6

struct link_state {
  int32_t index;
  uint32_t flags;
  uint32_t mtu;
  uint32_t gso_max_bytes;
  uint8_t mac[MAC_BYTES];
};

static void take_attribute(struct link_state *state, const struct rtattr *attribute) {
  const void *data = RTA_DATA(attribute);
  size_t length = RTA_PAYLOAD(attribute);
  if (attribute->rta_type == IFLA_MTU && length == sizeof state->mtu) memcpy(&state->mtu, data, length);
  if (attribute->rta_type == IFLA_ADDRESS && length == MAC_BYTES) memcpy(state->mac, data, length);
  if (attribute->rta_type == IFLA_GSO_MAX_SIZE && length == sizeof state->gso_max_bytes)
    memcpy(&state->gso_max_bytes, data, length);
}

static int get_link(const char *name, struct link_state *state) {
  union {
    struct nlmsghdr header;
    uint8_t bytes[16384];
  } answer;
  struct ifinfomsg family = {.ifi_family = AF_UNSPEC};
  uint32_t filter = RTEXT_FILTER_SKIP_STATS;
  struct netlink_request request;
  netlink_begin(&request, RTM_GETLINK, 0, &family, sizeof family);
  netlink_append(&request, IFLA_IFNAME, name, strlen(name) + 1);
  netlink_append(&request, IFLA_EXT_MASK, &filter, sizeof filter);
  int error = netlink_transact(&request, &answer, sizeof answer);
  if (error != 0) return error;
  if (answer.header.nlmsg_type != RTM_NEWLINK || answer.header.nlmsg_len < NLMSG_LENGTH(sizeof family)) return EBADMSG;

  const struct ifinfomsg *link = NLMSG_DATA(&answer.header);
  state->index = link->ifi_index;
  state->flags = link->ifi_flags;
  int left = (int)IFLA_PAYLOAD(&answer.header);
  for (struct rtattr *attribute = IFLA_RTA(link); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
    take_attribute(state, attribute);
  return 0;
}

/* readLink(name) -> { index, flags, mtu, gsoMaxBytes, mac } */
static napi_value read_link(napi_env env, napi_callback_info info) {
  napi_value values[1], result, text;
  char name[IFNAMSIZ], mac[3 * MAC_BYTES];
  struct link_state state = {0};
  if (!arguments_read(env, info, 1, values, NULL) || !argument_text(env, values[0], name, sizeof name)) return NULL;
  int error = get_link(name, &state);
  if (error != 0) return throw_errno(env, error, "RTM_GETLINK");

  snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", state.mac[0], state.mac[1], state.mac[2], state.mac[3],
           state.mac[4], state.mac[5]);
  napi_create_object(env, &result);
  set_number(env, result, "index", state.index);
  set_number(env, result, "flags", state.flags);
  set_number(env, result, "mtu", state.mtu);
  set_number(env, result, "gsoMaxBytes", state.gso_max_bytes);
  napi_create_string_utf8(env, mac, NAPI_AUTO_LENGTH, &text);
  napi_set_named_property(env, result, "mac", text);
  return result;
}

/* Sends one RTM_NEWLINK; one attribute each, so that a refusal says which value was at fault. */
static napi_value change_link(napi_env env, const struct ifinfomsg *family, uint16_t type, const void *value,
                              size_t length, const char *what) {
  struct netlink_request request;
  netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK, family, sizeof *family);
  if (length > 0) netlink_append(&request, type, value, length);
  int error = netlink_acknowledge(&request);
  return error == 0 ? NULL : throw_errno(env, error, what);
}

/* setLinkUp(index, up) */
static napi_value set_up(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct ifinfomsg family = {.ifi_family = AF_UNSPEC, .ifi_change = IFF_UP};
  bool up;
  if (!arguments_read(env, info, 2, values, NULL)) return NULL;
  if (!argument_i32(env, values[0], &family.ifi_index) || !argument_bool(env, values[1], &up)) return NULL;
  family.ifi_flags = up ? IFF_UP : 0;
  return change_link(env, &family, 0, NULL, 0, "IFF_UP");
}

static napi_value set_link_number(napi_env env, napi_callback_info info, uint16_t type, const char *what) {
  napi_value values[2];
  struct ifinfomsg family = {.ifi_family = AF_UNSPEC};
  uint32_t number;
  if (!arguments_read(env, info, 2, values, NULL)) return NULL;
  if (!argument_i32(env, values[0], &family.ifi_index) || !argument_u32(env, values[1], &number)) return NULL;
  return change_link(env, &family, type, &number, sizeof number, what);
}

/* setLinkMtu(index, bytes) */
static napi_value set_mtu(napi_env env, napi_callback_info info) {
  return set_link_number(env, info, IFLA_MTU, "IFLA_MTU");
}

/* setLinkGsoMaxBytes(index, bytes) */
static napi_value set_gso_max(napi_env env, napi_callback_info info) {
  return set_link_number(env, info, IFLA_GSO_MAX_SIZE, "IFLA_GSO_MAX_SIZE");
}

/* setLinkMac(index, six bytes) */
static napi_value set_mac(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct ifinfomsg family = {.ifi_family = AF_UNSPEC};
  struct bytes mac;
  if (!arguments_read(env, info, 2, values, NULL)) return NULL;
  if (!argument_i32(env, values[0], &family.ifi_index) || !argument_bytes(env, values[1], &mac)) return NULL;
  if (mac.length != MAC_BYTES) return throw_errno(env, EINVAL, "IFLA_ADDRESS");
  return change_link(env, &family, IFLA_ADDRESS, mac.data, mac.length, "IFLA_ADDRESS");
}

/*
 * addAddress(index, address, prefixBits, broadcast): address is 4 or 16 bytes; broadcast 4, or none.
 *
 * IPv6 addresses skip duplicate address detection (IFA_F_NODAD): it would run before the tunnel is connected, where no
 * neighbour can answer, so it finds nothing and only keeps bind() from the address for a second or two.
 */
static napi_value add_address(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t index;
  struct bytes address, broadcast;
  uint32_t prefix_bits;
  if (!arguments_read(env, info, 4, values, NULL)) return NULL;
  if (!argument_i32(env, values[0], &index) || !argument_bytes(env, values[1], &address)) return NULL;
  if (!argument_u32(env, values[2], &prefix_bits) || !argument_bytes(env, values[3], &broadcast)) return NULL;
  if ((address.length != 4 && address.length != 16) || prefix_bits > 8 * address.length || broadcast.length > 4)
    return throw_errno(env, EINVAL, "RTM_NEWADDR");

  bool is_v6 = address.length == 16;
  struct ifaddrmsg family = {.ifa_family = is_v6 ? AF_INET6 : AF_INET,
                             .ifa_prefixlen = (uint8_t)prefix_bits,
                             .ifa_flags = is_v6 ? IFA_F_NODAD : 0,
                             .ifa_index = (uint32_t)index};
  struct netlink_request request;
  netlink_begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &family, sizeof family);
  netlink_append(&request, IFA_LOCAL, address.data, address.length);
  netlink_append(&request, IFA_ADDRESS, address.data, address.length);
  if (broadcast.length == 4) netlink_append(&request, IFA_BROADCAST, broadcast.data, broadcast.length);
  int error = netlink_acknowledge(&request);
  return error == 0 ? NULL : throw_errno(env, error, "RTM_NEWADDR");
}

void link_register(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
      {.utf8name = "readLink", .method = read_link, .attributes = napi_enumerable},
      {.utf8name = "setLinkUp", .method = set_up, .attributes = napi_enumerable},
      {.utf8name = "setLinkMtu", .method = set_mtu, .attributes = napi_enumerable},
      {.utf8name = "setLinkGsoMaxBytes", .method = set_gso_max, .attributes = napi_enumerable},
      {.utf8name = "setLinkMac", .method = set_mac, .attributes = napi_enumerable},
      {.utf8name = "addAddress", .method = add_address, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
}
