// Small datagrams per second: sends 64-byte UDP payloads in batches as fast as it can or at a given rate, and counts arrivals.
//   datagrams send ADDRESS PORT SECONDS [PER_SECOND]   prints the number handed to the kernel
//   datagrams receive PORT                             after SIGTERM prints "received COUNT seconds FIRST_TO_LAST"
// Batches (sendmmsg, recvmmsg) keep the measuring programs from being the bottleneck, and cheap for the tunnel's sake.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, PAYLOAD_BYTES = 64, SOCKET_BUFFER_BYTES = 4 << 20 };

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static char payloads[BATCH][PAYLOAD_BYTES];
static volatile sig_atomic_t stopped;

static void stop(int signal_number) { (void)signal_number; stopped = 1; }

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void sleep_seconds(double seconds) {
  struct timespec span = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
  nanosleep(&span, NULL);
}

static void prepare(void) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){payloads[i], PAYLOAD_BYTES};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int send_all(int descriptor, double seconds, double per_second) {
  long long sent = 0;
  double start = now_seconds(), now = start;
  while ((now = now_seconds()) - start < seconds) {
    if (per_second > 0 && sent > per_second * (now - start)) {
      sleep_seconds((sent - per_second * (now - start)) / per_second);
      continue;
    }
    int batch = sendmmsg(descriptor, messages, BATCH, 0);
    if (batch > 0) sent += batch;
    else if (errno != ENOBUFS && errno != EAGAIN) return fail("sendmmsg");
  }
  printf("sent %lld seconds %.6f\n", sent, now - start);
  return 0;
}

static int receive_all(int descriptor) {
  long long received = 0;
  double first = 0, last = 0;
  // The timeout only bounds how long SIGTERM may go unseen.
  struct timeval patience = {.tv_usec = 100000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (!stopped) {
    int batch = recvmmsg(descriptor, messages, BATCH, MSG_WAITFORONE, NULL);
    if (batch <= 0) continue;
    last = now_seconds();
    if (received == 0) first = last;
    received += batch;
  }
  printf("received %lld seconds %.6f\n", received, last - first);
  return 0;
}

int main(int count, char **arguments) {
  int sends = count >= 5 && strcmp(arguments[1], "send") == 0;
  if (!sends && !(count == 3 && strcmp(arguments[1], "receive") == 0)) {
    fprintf(stderr, "usage: datagrams send ADDRESS PORT SECONDS [PER_SECOND] | receive PORT\n");
    return 2;
  }
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0), size = SOCKET_BUFFER_BYTES;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[sends ? 3 : 2]))};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  prepare();
  if (sends) {
    if (inet_pton(AF_INET, arguments[2], &address.sin_addr) != 1) return fail("address");
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address)) return fail("connect");
    return send_all(descriptor, atof(arguments[4]), count > 5 ? atof(arguments[5]) : 0);
  }
  signal(SIGTERM, stop);
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address)) return fail("bind");
  return receive_all(descriptor);
}
