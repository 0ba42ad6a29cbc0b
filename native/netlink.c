#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *family, size_t length) {
  memset(request, 0, sizeof *request);
  request->header.nlmsg_len = NLMSG_LENGTH(length);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = NLM_F_REQUEST | flags;
  memcpy(NLMSG_DATA(&request->header), family, length);
}

void netlink_append(struct netlink_request *request, uint16_t type, const void *value, size_t length) {
  size_t offset = NLMSG_ALIGN(request->header.nlmsg_len);
  struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + offset);
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(length);
  memcpy(RTA_DATA(attribute), value, length);
  request->header.nlmsg_len = offset + RTA_ALIGN(attribute->rta_len);
}

/* Returns 0, or the errno that an NLMSG_ERROR carries (0 there is the acknowledgement). */
static int judge(const struct nlmsghdr *message, ssize_t length) {
  if (length < (ssize_t)sizeof *message || message->nlmsg_len > (size_t)length) return EBADMSG;
  if (message->nlmsg_type != NLMSG_ERROR) return 0;
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) return EBADMSG;
  return -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
}

int netlink_transact(const struct netlink_request *request, void *answer, size_t size) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return errno;
  ssize_t length = send(fd, request, request->header.nlmsg_len, 0);
  /* The kernel works a request off within send(), so the answer is there and recv() does not wait. */
  if (length >= 0) length = recv(fd, answer, size, 0);
  int error = length < 0 ? errno : judge(answer, length);
  close(fd);
  return error;
}

int netlink_acknowledge(const struct netlink_request *request) {
  union {
    struct nlmsghdr header;
    uint8_t bytes[1024];
  } answer;
  return netlink_transact(request, &answer, sizeof answer);
}
