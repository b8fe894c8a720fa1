/*
 * What becomes of a call: whose it is, which outcome it has, and what epoll owes afterwards. A part of
 * shim.c, where the essay is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* In the order of functions.ts. */
enum function {
  SOCKET, BIND, LISTEN, ACCEPT4, CONNECT, SHUTDOWN,
  GETSOCKNAME, GETPEERNAME, GETSOCKOPT, GETSOCKOPT_ERROR, SETSOCKOPT,
  RECV, RECVFROM, RECVMSG, RECVMMSG, READ, READV,
  SEND, SENDTO, SENDMSG, SENDMMSG, WRITE, WRITEV, EVENTFD_READ, EVENTFD_WRITE,
  EPOLL_CREATE1, WATCH_ADD, WATCH_MOD, WATCH_DEL, EPOLL_WAIT, EVENTFD,
  FCNTL_DUPFD, FCNTL_FLAGS, IOCTL, SOCKETPAIR, PIPE2, OPEN, PTHREAD_CREATE,
  FUNCTIONS
};

enum action { ERROR = 1, SHORT, EMPTY, SOCKET_ERROR, FALSE_READY, FALSE_HANG_UP };

enum flag {
  AGAIN = 1,   /* epoll owes an event afterwards */
  DEAD = 2,    /* the connection is reset before */
  PERFORM = 4, /* the call is made all the same */
};

struct outcome {
  uint32_t action, error, flags;
};

#define MAX_OUTCOMES 16
#define MAX_LOG 256

struct entry {
  int32_t function, fd, result, error, thread, injected;
};

struct control {
  uint32_t magic;
  atomic_uint armed;
  uint32_t nth, seed, lasting;
  atomic_uint calls, counted, injected, logged;
  uint32_t module; /* whether it was found */
  atomic_uint by_function[FUNCTIONS];
  uint32_t outcome_counts[FUNCTIONS];
  struct outcome outcomes[FUNCTIONS][MAX_OUTCOMES];
  struct entry log[MAX_LOG];
};

/* Both sides must have the same list of functions. */
#define MAGIC (0x6d696f00 + FUNCTIONS)

static struct control *control;
static uintptr_t module_start, module_end;
static atomic_ullong until; /* the end of failures that last */

/* What the program's epoll instances watch, by descriptor. */
struct watched {
  int epoll; /* through which it was registered, -1 for nothing */
  struct epoll_event event;
};

#define MAX_FDS 8192
static struct watched watched[MAX_FDS];
static int instance[MAX_FDS]; /* the same number for all descriptors of one epoll; 0 for none */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- the real functions ---- */

#define REAL(name) real_##name
#define DECLARE(type, name, ...) static type (*real_##name)(__VA_ARGS__)

DECLARE(int, socket, int, int, int);
DECLARE(int, bind, int, const struct sockaddr *, socklen_t);
DECLARE(int, listen, int, int);
DECLARE(int, accept4, int, struct sockaddr *, socklen_t *, int);
DECLARE(int, connect, int, const struct sockaddr *, socklen_t);
DECLARE(int, shutdown, int, int);
DECLARE(int, getsockname, int, struct sockaddr *, socklen_t *);
DECLARE(int, getpeername, int, struct sockaddr *, socklen_t *);
DECLARE(int, getsockopt, int, int, int, void *, socklen_t *);
DECLARE(int, setsockopt, int, int, int, const void *, socklen_t);
DECLARE(ssize_t, recv, int, void *, size_t, int);
DECLARE(ssize_t, recvfrom, int, void *, size_t, int, struct sockaddr *, socklen_t *);
DECLARE(ssize_t, recvmsg, int, struct msghdr *, int);
DECLARE(ssize_t, read, int, void *, size_t);
DECLARE(ssize_t, readv, int, const struct iovec *, int);
DECLARE(ssize_t, send, int, const void *, size_t, int);
DECLARE(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
DECLARE(ssize_t, sendmsg, int, const struct msghdr *, int);
DECLARE(ssize_t, write, int, const void *, size_t);
DECLARE(ssize_t, writev, int, const struct iovec *, int);
DECLARE(int, epoll_create1, int);
DECLARE(int, epoll_ctl, int, int, int, struct epoll_event *);
DECLARE(int, epoll_wait, int, struct epoll_event *, int, int);
DECLARE(int, eventfd, unsigned, int);
DECLARE(int, fcntl, int, int, ...);
DECLARE(int, ioctl, int, unsigned long, ...);
DECLARE(int, socketpair, int, int, int, int *);
DECLARE(int, pipe2, int *, int);
DECLARE(int, open64, const char *, int, ...);
DECLARE(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
DECLARE(int, close, int);
DECLARE(void *, dlopen, const char *, int);
DECLARE(long, syscall, long, ...);

__attribute__((constructor)) static void set_up(void) {
#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)
  FIND(socket); FIND(bind); FIND(listen); FIND(accept4); FIND(connect); FIND(shutdown);
  FIND(getsockname); FIND(getpeername); FIND(getsockopt); FIND(setsockopt);
  FIND(recv); FIND(recvfrom); FIND(recvmsg); FIND(read); FIND(readv);
  FIND(send); FIND(sendto); FIND(sendmsg); FIND(write); FIND(writev);
  FIND(epoll_create1); FIND(epoll_ctl); FIND(epoll_wait); FIND(eventfd);
  FIND(fcntl); FIND(ioctl); FIND(socketpair); FIND(pipe2); FIND(open64);
  FIND(pthread_create); FIND(close); FIND(dlopen); FIND(syscall);
  for (int fd = 0; fd < MAX_FDS; fd += 1) watched[fd].epoll = -1;
  const char *path = getenv("MIO_JS_FAULTS");
  if (path == NULL) return;
  int fd = real_open64(path, O_RDWR | O_CLOEXEC);
  if (fd == -1) return;
  void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  real_close(fd);
  if (memory == MAP_FAILED) return;
  if (((struct control *)memory)->magic == MAGIC) control = memory;
}

/* ---- whose call it is ---- */

static int find_module(struct dl_phdr_info *info, size_t size, void *file) {
  (void)size;
  if (strcmp(info->dlpi_name, file) != 0) return 0;
  uintptr_t start = UINTPTR_MAX, end = 0;
  for (int n = 0; n < info->dlpi_phnum; n += 1) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[n];
    if (header->p_type != PT_LOAD) continue;
    uintptr_t first = info->dlpi_addr + header->p_vaddr;
    if (first < start) start = first;
    if (first + header->p_memsz > end) end = first + header->p_memsz;
  }
  module_start = start;
  module_end = end;
  return 1;
}

void *dlopen(const char *file, int mode) {
  void *library = real_dlopen(file, mode);
  if (library == NULL || control == NULL || file == NULL || module_end != 0) return library;
  const char *name = strrchr(file, '/');
  if (name == NULL || strncmp(name, "/mio-js.", 8) != 0) return library;
  dl_iterate_phdr(find_module, (void *)file);
  control->module = module_end != 0;
  return library;
}

#define IS_OURS()                                                                                  \
  (control != NULL && (uintptr_t)__builtin_return_address(0) - module_start <                      \
                          module_end - module_start)

/* ---- what becomes of a call ---- */

struct turn {
  enum function function;
  int fd;
  const struct outcome *outcome; /* NULL: none but the kernel's */
  uint32_t random;
  bool counts;
};

static uint32_t mix(uint32_t seed, uint32_t n) {
  uint64_t x = ((uint64_t)seed << 32 | n) + 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return (uint32_t)(x >> 32 ^ x);
}

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct turn begin(bool is_ours, enum function function, int fd) {
  struct turn turn = {.function = function, .fd = fd};
  if (!is_ours || !atomic_load(&control->armed)) return turn;
  turn.counts = true;
  atomic_fetch_add(&control->calls, 1);
  atomic_fetch_add(&control->by_function[function], 1);
  uint32_t count = control->outcome_counts[function];
  if (count == 0) return turn;
  uint32_t n = atomic_fetch_add(&control->counted, 1) + 1;
  if (n < control->nth) return turn;
  if (n == control->nth && control->lasting > 0) {
    atomic_store(&until, milliseconds() + control->lasting);
  }
  if (n > control->nth && (control->lasting == 0 || milliseconds() >= atomic_load(&until))) {
    return turn;
  }
  turn.random = mix(control->seed, n);
  turn.outcome = &control->outcomes[function][turn.random % count];
  turn.random = mix(turn.random, n);
  return turn;
}

static bool does(const struct turn *turn, enum action action) {
  return turn->outcome != NULL && turn->outcome->action == action;
}

static bool has(const struct turn *turn, enum flag flag) {
  return turn->outcome != NULL && (turn->outcome->flags & flag) != 0;
}

/* Has the kernel look anew whether a descriptor is ready. */
static void owe(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < MAX_FDS && watched[fd].epoll != -1) {
    struct epoll_event event = watched[fd].event;
    real_epoll_ctl(watched[fd].epoll, EPOLL_CTL_MOD, fd, &event);
  }
  pthread_mutex_unlock(&lock);
}

/* Resets a connection. False for what has none that can be reset, such as a Unix socket's. */
static bool kill_connection(int fd) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (real_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == -1) return false;
  if (domain != AF_INET && domain != AF_INET6) return false;
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  return real_connect(fd, &nobody, sizeof nobody) == 0;
}

/* Whether the call fails without being made. */
static bool fails(struct turn *turn) {
  if (has(turn, DEAD) && !kill_connection(turn->fd)) turn->outcome = NULL;
  return does(turn, ERROR) && !has(turn, PERFORM);
}

/* The result that the caller gets, with its errno. */
static long end(const struct turn *turn, long result) {
  int error = errno;
  if (does(turn, ERROR)) {
    error = (int)turn->outcome->error;
    result = -1;
  }
  if (turn->counts) {
    if (turn->outcome != NULL) atomic_fetch_add(&control->injected, 1);
    if (has(turn, AGAIN)) owe(turn->fd);
    uint32_t at = atomic_fetch_add(&control->logged, 1) % MAX_LOG;
    control->log[at] = (struct entry){
        .function = (int32_t)turn->function,
        .fd = turn->fd,
        .result = (int32_t)result,
        .error = result == -1 ? error : 0,
        .thread = (int32_t)real_syscall(SYS_gettid),
        .injected = turn->outcome != NULL ? (int32_t)turn->outcome->action : 0,
    };
  }
  errno = error;
  return result;
}

/* How many of so many bytes are to be transferred; fewer, but some, if that is the outcome. */
static size_t clip(struct turn *turn, size_t length) {
  if (!does(turn, SHORT)) return length;
  if (length < 2) {
    turn->outcome = NULL; /* it cannot be any shorter */
    return length;
  }
  return 1 + turn->random % (length - 1);
}

#define MAX_PARTS 1024

/* As clip, of several buffers; returns how many of them are left. */
static int clip_parts(struct turn *turn, const struct iovec *from, size_t count,
                      struct iovec *into) {
  size_t total = 0;
  if (count > MAX_PARTS) count = MAX_PARTS;
  for (size_t n = 0; n < count; n += 1) total += from[n].iov_len;
  size_t left = clip(turn, total);
  size_t parts = 0;
  while (parts < count && (left > 0 || parts == 0)) {
    into[parts] = from[parts];
    if (into[parts].iov_len > left) into[parts].iov_len = left;
    left -= into[parts].iov_len;
    parts += 1;
  }
  return (int)parts;
}

/* ---- what the program watches ---- */

static void note_registration(int epoll, int operation, int fd, const struct epoll_event *event) {
  if (fd < 0 || fd >= MAX_FDS) return;
  pthread_mutex_lock(&lock);
  watched[fd].epoll = operation == EPOLL_CTL_DEL ? -1 : epoll;
  if (event != NULL) watched[fd].event = *event;
  pthread_mutex_unlock(&lock);
}

static void note_instance(int fd, int of) {
  if (fd < 0 || fd >= MAX_FDS) return;
  pthread_mutex_lock(&lock);
  static int last;
  instance[fd] = of < 0 ? (last += 1) : of < MAX_FDS ? instance[of] : 0;
  pthread_mutex_unlock(&lock);
}

static void note_closed(int fd) {
  if (fd < 0 || fd >= MAX_FDS) return;
  pthread_mutex_lock(&lock);
  watched[fd].epoll = -1;
  instance[fd] = 0;
  pthread_mutex_unlock(&lock);
}

/* Something that is watched by this epoll, and that the events do not mention. */
static bool invent(const struct turn *turn, int epoll, struct epoll_event *events, int count) {
  int candidates = 0;
  bool found = false;
  pthread_mutex_lock(&lock);
  for (int fd = 0; fd < MAX_FDS; fd += 1) {
    const struct watched *one = &watched[fd];
    if (one->epoll == -1 || epoll >= MAX_FDS || instance[one->epoll] != instance[epoll]) continue;
    bool is_told = false;
    for (int n = 0; n < count; n += 1) is_told |= events[n].data.u64 == one->event.data.u64;
    if (is_told) continue;
    candidates += 1;
    /* Each of them is as likely as any other. */
    if (mix(turn->random, (uint32_t)candidates) % (uint32_t)candidates != 0) continue;
    uint32_t wanted = one->event.events & (EPOLLIN | EPOLLOUT);
    if (turn->outcome->action == FALSE_HANG_UP) wanted |= EPOLLHUP | EPOLLRDHUP;
    events[count] = (struct epoll_event){.events = wanted, .data = one->event.data};
    found = true;
  }
  pthread_mutex_unlock(&lock);
  return found;
}
