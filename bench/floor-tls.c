// The floor with TLS: floor.c over OpenSSL instead of a bare socket, for the same question about wss.
// Usage: floor-tls DEV listen PORT CERT KEY | floor-tls DEV SERVER_IP PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_ROOM = 70000, READ_AHEAD = 256 * 1024, BATCH = 8 };

static unsigned char received[4 << 20];
static size_t received_length;
static unsigned char frame[4 + FRAME_ROOM];

static int open_tap(const char *name) {
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
    perror("tap");
    exit(1);
  }
  int header = 10;
  ioctl(tap, TUNSETVNETHDRSZ, &header);
  ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
  return tap;
}

static int open_socket(char **words) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[3]))};
  if (strcmp(words[2], "listen") == 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&address, sizeof address) != 0 || listen(fd, 1) != 0) perror("listen"), exit(1);
    fd = accept(fd, NULL, NULL);
  } else {
    inet_pton(AF_INET, words[2], &address.sin_addr);
    if (connect(fd, (void *)&address, sizeof address) != 0) perror("connect"), exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static SSL *open_tls(int fd, char **words) {
  int is_server = strcmp(words[2], "listen") == 0;
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
  if (is_server && (SSL_CTX_use_certificate_chain_file(context, words[4]) != 1 ||
                    SSL_CTX_use_PrivateKey_file(context, words[5], SSL_FILETYPE_PEM) != 1)) {
    fprintf(stderr, "cannot use %s with %s\n", words[4], words[5]);
    exit(1);
  }
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  if ((is_server ? SSL_accept(tls) : SSL_connect(tls)) != 1) fprintf(stderr, "TLS handshake failed\n"), exit(1);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return tls;
}

static void send_all(SSL *tls, int fd, const unsigned char *bytes, size_t length) {
  for (size_t sent = 0; sent < length;) {
    int n = SSL_write(tls, bytes + sent, (int)(length - sent));
    if (n > 0) {
      sent += (size_t)n;
      continue;
    }
    if (SSL_get_error(tls, n) != SSL_ERROR_WANT_WRITE) exit(1);
    struct pollfd writable = {fd, POLLOUT, 0};
    poll(&writable, 1, -1);
  }
}

static void pump_tap(int tap, SSL *tls, int fd) {
  for (int i = 0; i < BATCH; i++) {
    ssize_t n = read(tap, frame + 4, FRAME_ROOM);
    if (n <= 0) return;
    uint32_t length = (uint32_t)n;
    memcpy(frame, &length, 4);
    send_all(tls, fd, frame, (size_t)n + 4);
  }
}

static void pump_tls(SSL *tls, int tap) {
  do {
    int n = SSL_read(tls, received + received_length, (int)(sizeof received - received_length));
    if (n <= 0) {
      if (SSL_get_error(tls, n) != SSL_ERROR_WANT_READ) exit(0);
      return;
    }
    received_length += (size_t)n;
    size_t at = 0;
    for (uint32_t length; received_length - at >= 4; at += 4 + length) {
      memcpy(&length, received + at, 4);
      if (received_length - at < 4 + length) break;
      if (write(tap, received + at + 4, length) < 0 && errno == EBADFD) exit(1);
    }
    memmove(received, received + at, received_length - at);
    received_length -= at;
  } while (SSL_has_pending(tls));
}

int main(int count, char **words) {
  if (count < 4) return 2;
  int tap = open_tap(words[1]), fd = open_socket(words);
  SSL *tls = open_tls(fd, words);
  for (;;) {
    struct pollfd ready[2] = {{tap, POLLIN, 0}, {fd, POLLIN, 0}};
    poll(ready, 2, -1);
    if (ready[0].revents) pump_tap(tap, tls, fd);
    if (ready[1].revents) pump_tls(tls, tap);
  }
}
