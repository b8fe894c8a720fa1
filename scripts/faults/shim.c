/*
 * Makes chosen system calls of the native module fail, and no others.
 *
 * Loaded by LD_PRELOAD in front of the C library, it stands between everything and the functions
 * below. A call counts if it comes from the module (its return address lies in what was mapped from
 * mio-js.<platform>.node); whatever else the process does goes straight through. What is to happen
 * to the n-th call stands in a file that the program writes and that is mapped here; what happened
 * is written there as well. Its layout is that of control.ts.
 *
 * An outcome must be one that a kernel could have, or it would prove nothing. So where epoll
 * promises a new event (after EAGAIN, after a short read or write), registering anew makes the
 * kernel give one; and an error that only a dead connection has comes with a dead connection.
 */
#include "turn.h"

/* One that does what it does, or fails. */
#define FORWARD(type, name, function, fd, parameters, arguments)                                   \
  type name parameters {                                                                           \
    struct turn turn = begin(IS_OURS(), function, fd);                                             \
    return (type)end(&turn, fails(&turn) ? -1 : real_##name arguments);                            \
  }

FORWARD(int, socket, SOCKET, -1, (int domain, int type, int protocol), (domain, type, protocol))
FORWARD(int, bind, BIND, fd, (int fd, const struct sockaddr *address, socklen_t length),
        (fd, address, length))
FORWARD(int, listen, LISTEN, fd, (int fd, int backlog), (fd, backlog))
FORWARD(int, connect, CONNECT, fd, (int fd, const struct sockaddr *address, socklen_t length),
        (fd, address, length))
FORWARD(int, shutdown, SHUTDOWN, fd, (int fd, int how), (fd, how))
FORWARD(int, setsockopt, SETSOCKOPT, fd,
        (int fd, int level, int name, const void *value, socklen_t length),
        (fd, level, name, value, length))
FORWARD(ssize_t, sendto, SENDTO, fd,
        (int fd, const void *buffer, size_t length, int flags, const struct sockaddr *address,
         socklen_t address_length),
        (fd, buffer, length, flags, address, address_length))
FORWARD(ssize_t, recvmsg, RECVMSG, fd, (int fd, struct msghdr *message, int flags),
        (fd, message, flags))
FORWARD(int, eventfd, EVENTFD, -1, (unsigned value, int flags), (value, flags))
FORWARD(int, socketpair, SOCKETPAIR, -1, (int domain, int type, int protocol, int fds[2]),
        (domain, type, protocol, fds))
FORWARD(int, pipe2, PIPE2, -1, (int fds[2], int flags), (fds, flags))

/* An address without length is what the kernel gives of a peer that is gone. */
static int address_of(struct turn *turn, int result, struct sockaddr *address, socklen_t *length) {
  if (does(turn, EMPTY)) {
    if (result == -1 || address == NULL) {
      turn->outcome = NULL;
    } else {
      memset(address, 0, *length);
      *length = 0;
    }
  }
  return (int)end(turn, result);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  struct turn turn = begin(IS_OURS(), ACCEPT4, fd);
  int result = fails(&turn) ? -1 : real_accept4(fd, address, length, flags);
  return address_of(&turn, result, address, length);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length) {
  struct turn turn = begin(IS_OURS(), GETSOCKNAME, fd);
  int result = fails(&turn) ? -1 : real_getsockname(fd, address, length);
  return address_of(&turn, result, address, length);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length) {
  struct turn turn = begin(IS_OURS(), GETPEERNAME, fd);
  int result = fails(&turn) ? -1 : real_getpeername(fd, address, length);
  return address_of(&turn, result, address, length);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  bool is_error = level == SOL_SOCKET && name == SO_ERROR;
  struct turn turn = begin(IS_OURS(), is_error ? GETSOCKOPT_ERROR : GETSOCKOPT, fd);
  if (fails(&turn)) return (int)end(&turn, -1);
  int result = real_getsockopt(fd, level, name, value, length);
  if (does(&turn, SOCKET_ERROR) && result == 0) memcpy(value, &turn.outcome->error, sizeof(int));
  return (int)end(&turn, result);
}

ssize_t recv(int fd, void *buffer, size_t length, int flags) {
  struct turn turn = begin(IS_OURS(), RECV, fd);
  length = clip(&turn, length);
  return end(&turn, fails(&turn) ? -1 : real_recv(fd, buffer, length, flags));
}

ssize_t recvfrom(int fd, void *buffer, size_t length, int flags, struct sockaddr *address,
                 socklen_t *address_length) {
  struct turn turn = begin(IS_OURS(), RECVFROM, fd);
  length = clip(&turn, length);
  return end(&turn, fails(&turn) ? -1
                                 : real_recvfrom(fd, buffer, length, flags, address,
                                                 address_length));
}

/* The module reads and writes eight bytes of an eventfd only. */
ssize_t read(int fd, void *buffer, size_t length) {
  struct turn turn = begin(IS_OURS(), length == 8 ? EVENTFD_READ : READ, fd);
  length = clip(&turn, length);
  return end(&turn, fails(&turn) ? -1 : real_read(fd, buffer, length));
}

ssize_t readv(int fd, const struct iovec *parts, int count) {
  struct turn turn = begin(IS_OURS(), READV, fd);
  if (!does(&turn, SHORT)) {
    return end(&turn, fails(&turn) ? -1 : real_readv(fd, parts, count));
  }
  struct iovec fewer[MAX_PARTS];
  count = clip_parts(&turn, parts, (size_t)count, fewer);
  return end(&turn, real_readv(fd, fewer, count));
}

ssize_t send(int fd, const void *buffer, size_t length, int flags) {
  struct turn turn = begin(IS_OURS(), SEND, fd);
  length = clip(&turn, length);
  return end(&turn, fails(&turn) ? -1 : real_send(fd, buffer, length, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  struct turn turn = begin(IS_OURS(), SENDMSG, fd);
  if (!does(&turn, SHORT)) {
    return end(&turn, fails(&turn) ? -1 : real_sendmsg(fd, message, flags));
  }
  struct iovec fewer[MAX_PARTS];
  struct msghdr clipped = *message;
  clipped.msg_iovlen =
      (size_t)clip_parts(&turn, message->msg_iov, message->msg_iovlen, fewer);
  clipped.msg_iov = fewer;
  return end(&turn, real_sendmsg(fd, &clipped, flags));
}

ssize_t write(int fd, const void *buffer, size_t length) {
  struct turn turn = begin(IS_OURS(), length == 8 ? EVENTFD_WRITE : WRITE, fd);
  length = clip(&turn, length);
  return end(&turn, fails(&turn) ? -1 : real_write(fd, buffer, length));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  struct turn turn = begin(IS_OURS(), WRITEV, fd);
  if (!does(&turn, SHORT)) {
    return end(&turn, fails(&turn) ? -1 : real_writev(fd, parts, count));
  }
  struct iovec fewer[MAX_PARTS];
  count = clip_parts(&turn, parts, (size_t)count, fewer);
  return end(&turn, real_writev(fd, fewer, count));
}

int epoll_create1(int flags) {
  bool is_ours = IS_OURS();
  struct turn turn = begin(is_ours, EPOLL_CREATE1, -1);
  int result = (int)end(&turn, fails(&turn) ? -1 : real_epoll_create1(flags));
  if (is_ours) note_instance(result, -1);
  return result;
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
  static const enum function functions[] = {
      [EPOLL_CTL_ADD] = WATCH_ADD, [EPOLL_CTL_MOD] = WATCH_MOD,
      [EPOLL_CTL_DEL] = WATCH_DEL};
  bool is_ours = IS_OURS() && operation >= EPOLL_CTL_ADD && operation <= EPOLL_CTL_MOD;
  struct turn turn = begin(is_ours, is_ours ? functions[operation] : WATCH_ADD, fd);
  int result = fails(&turn) ? -1 : real_epoll_ctl(epoll, operation, fd, event);
  if (is_ours && result == 0) note_registration(epoll, operation, fd, event);
  return (int)end(&turn, result);
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout) {
  struct turn turn = begin(IS_OURS(), EPOLL_WAIT, epoll);
  if (fails(&turn)) return (int)end(&turn, -1);
  if (does(&turn, SHORT)) count = 1;
  bool invents = does(&turn, FALSE_READY) || does(&turn, FALSE_HANG_UP);
  int result = real_epoll_wait(epoll, events, count, invents ? 0 : timeout);
  if (invents && result >= 0) {
    if (result < count && invent(&turn, epoll, events, result)) {
      result += 1;
    } else {
      turn.outcome = NULL; /* there is nothing to lie about */
      if (result == 0) result = real_epoll_wait(epoll, events, count, timeout);
    }
  }
  return (int)end(&turn, result);
}

int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  bool is_ours = IS_OURS();
  bool is_dup = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  struct turn turn = begin(is_ours, is_dup ? FCNTL_DUPFD : FCNTL_FLAGS, fd);
  int result = (int)end(&turn, fails(&turn) ? -1 : real_fcntl(fd, command, argument));
  if (is_ours && is_dup && result != -1 && fd < MAX_FDS && instance[fd] != 0) {
    note_instance(result, fd);
  }
  return result;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  struct turn turn = begin(IS_OURS(), IOCTL, fd);
  return (int)end(&turn, fails(&turn) ? -1 : real_ioctl(fd, request, argument));
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  struct turn turn = begin(IS_OURS(), OPEN, -1);
  return (int)end(&turn, fails(&turn) ? -1 : real_open64(path, flags, mode));
}

/* The only one that returns its error instead of setting errno. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
                   void *argument) {
  struct turn turn = begin(IS_OURS(), PTHREAD_CREATE, -1);
  if (fails(&turn)) {
    end(&turn, -1);
    return (int)turn.outcome->error;
  }
  return (int)end(&turn, real_pthread_create(thread, attributes, body, argument));
}

int close(int fd) {
  note_closed(fd);
  return real_close(fd);
}

/* For the calls that not every C library has a function for. */
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  bool is_ours = IS_OURS() && (number == SYS_recvmmsg || number == SYS_sendmmsg);
  if (!is_ours) return real_syscall(number, a, b, c, d, e, f);
  struct turn turn = begin(true, number == SYS_recvmmsg ? RECVMMSG : SENDMMSG, (int)a);
  if (fails(&turn)) return end(&turn, -1);
  c = (long)clip(&turn, (size_t)c);
  return end(&turn, real_syscall(number, a, b, c, d, e, f));
}
