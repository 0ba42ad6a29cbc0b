/*
 * How the other threads are reached: each is sent a signal, whose handler makes the change and writes down the outcome.
 *
 * It has to be a signal that every thread takes. Node's inspector thread blocks all that can be blocked; what cannot be
 * is the pair that the C library keeps for itself, and which pthread_sigmask() never blocks. One of them is what glibc
 * carries setuid() with, so a running program is known to survive it. We borrow it (SIGSETXID, 33), and give it back.
 */
#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BORROWED_SIGNAL 33
/* The kernel's sigset_t, not the C library's. */
#define KERNEL_SIGSET_BYTES 8
/* More than Node has with every worker we start; beyond it we refuse rather than forget one. */
#define MAX_THREADS 512
/* A thread that is inside a system call that cannot be interrupted (a file on a slow disk) answers late. */
#define PATIENCE_MS 5000
#define POLL_NANOSECONDS 200000
#define UNANSWERED (-1)

/* The kernel's struct sigaction. Its layout differs by machine, so it is carried about without being looked at. */
struct kernel_sigaction {
  uint64_t opaque[8];
};

struct asked_thread {
  pid_t id;
  _Atomic int outcome; /* UNANSWERED, 0 or an errno */
};

/*
 * Static, because a handler has no other way to it, and because an answer that comes too late must not meet freed memory.
 * `busy` lets one caller in at a time, whichever environment it belongs to.
 */
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static struct thread_change wanted;
static struct asked_thread asked[MAX_THREADS];
static _Atomic uint32_t asked_count;

/* Only system calls: this also runs in the handler. */
static int change_this_thread(const struct thread_change *change) {
  for (uint32_t i = 0; i < change->prctl_count; i++)
    if (syscall(SYS_prctl, change->prctls[i][0], (unsigned long)change->prctls[i][1], 0UL, 0UL, 0UL) < 0) return errno;
  if (!change->has_capabilities) return 0;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return syscall(SYS_capset, &header, change->capabilities) == 0 ? 0 : errno;
}

static void on_signal(int signal) {
  (void)signal;
  int saved = errno;
  pid_t self = (pid_t)syscall(SYS_gettid);
  uint32_t count = atomic_load(&asked_count);
  for (uint32_t i = 0; i < count; i++)
    if (asked[i].id == self && atomic_load(&asked[i].outcome) == UNANSWERED)
      atomic_store(&asked[i].outcome, change_this_thread(&wanted));
  errno = saved;
}

static int kernel_sigaction(int signal, const struct kernel_sigaction *next, struct kernel_sigaction *previous) {
  return syscall(SYS_rt_sigaction, signal, next, previous, KERNEL_SIGSET_BYTES) == 0 ? 0 : errno;
}

/*
 * Puts our handler on the borrowed signal. sigaction() refuses that one, and the kernel's own call wants a return path
 * that only the C library has; so the handler is set on another signal for a moment, and what the kernel made of it is
 * copied.
 */
static int borrow_signal(struct kernel_sigaction *previous) {
  struct sigaction ours = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, other;
  struct kernel_sigaction made = {0};
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGRTMAX, &ours, &other) != 0) return errno;
  int error = kernel_sigaction(SIGRTMAX, NULL, &made);
  sigaction(SIGRTMAX, &other, NULL);
  return error != 0 ? error : kernel_sigaction(BORROWED_SIGNAL, &made, previous);
}

static bool is_asked(pid_t id) {
  for (uint32_t i = 0; i < atomic_load(&asked_count); i++)
    if (asked[i].id == id) return true;
  return false;
}

/* Sends the signal to a thread; one that has ended meanwhile needs nothing. */
static int ask(pid_t id) {
  uint32_t at = atomic_load(&asked_count);
  if (at == MAX_THREADS) return E2BIG;
  asked[at].id = id;
  atomic_store(&asked[at].outcome, UNANSWERED);
  atomic_store(&asked_count, at + 1);
  if (syscall(SYS_tgkill, getpid(), id, BORROWED_SIGNAL) == 0) return 0;
  if (errno != ESRCH) return errno;
  atomic_store(&asked[at].outcome, 0);
  return 0;
}

/* Asks all threads that were not asked before. */
static int ask_new_threads(uint32_t *newly_asked) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return errno;
  int error = 0;
  *newly_asked = 0;
  for (struct dirent *entry = readdir(tasks); entry != NULL && error == 0; entry = readdir(tasks)) {
    pid_t id = (pid_t)atoi(entry->d_name);
    if (id <= 0 || is_asked(id)) continue;
    error = ask(id);
    (*newly_asked)++;
  }
  closedir(tasks);
  return error;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int await_answer(const struct asked_thread *thread, int64_t deadline_ms) {
  const struct timespec pause = {.tv_nsec = POLL_NANOSECONDS};
  while (atomic_load(&thread->outcome) == UNANSWERED) {
    if (syscall(SYS_tgkill, getpid(), thread->id, 0) != 0 && errno == ESRCH) return 0;
    if (now_ms() > deadline_ms) return ETIMEDOUT;
    nanosleep(&pause, NULL);
  }
  return atomic_load(&thread->outcome);
}

/* A pass that finds no new thread, after all older ones have answered, is the last: who is started now inherits. */
static int change_other_threads(void) {
  int64_t deadline_ms = now_ms() + PATIENCE_MS;
  for (uint32_t done = atomic_load(&asked_count), fresh = 1; fresh > 0;) {
    int error = ask_new_threads(&fresh);
    for (; done < atomic_load(&asked_count); done++) {
      int outcome = await_answer(&asked[done], deadline_ms);
      if (error == 0) error = outcome;
    }
    if (error != 0) return error;
  }
  return 0;
}

static int change_all(const struct thread_change *change) {
  struct kernel_sigaction previous = {0};
  int error = change_this_thread(change);
  if (error == 0) error = borrow_signal(&previous);
  if (error != 0) return error;
  wanted = *change;
  asked[0].id = (pid_t)syscall(SYS_gettid);
  atomic_store(&asked[0].outcome, 0);
  atomic_store(&asked_count, 1);
  error = change_other_threads();
  atomic_store(&asked_count, 0);
  /* A signal that is still on its way would make glibc's handler jump to nowhere; ours does nothing by now. */
  if (error != ETIMEDOUT) kernel_sigaction(BORROWED_SIGNAL, &previous, NULL);
  return error;
}

int threads_change(const struct thread_change *change) {
  pthread_mutex_lock(&busy);
  int error = change_all(change);
  pthread_mutex_unlock(&busy);
  return error;
}
