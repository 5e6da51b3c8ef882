/*
 * A disk that fails, for the processes that load this library before all others (LD_PRELOAD). It counts the operations on files of one
 * folder, in all processes together, and at one of them ends the process group, or answers with an error. `bench/faults/faults.ts` builds it.
 *   TOWER_FAULT_FOLDER  files below it take part
 *   TOWER_FAULT_STATE   a file of 24 bytes: writes, reads, and faults up to now
 *   TOWER_FAULT_ON      `write`: what changes the folder; `read`: what reads from it
 *   TOWER_FAULT_AT      the operation, counted from 0
 *   TOWER_FAULT_DO      KILL, EIO, ENOSPC; nothing: only count
 *   TOWER_FAULT_LASTS   `once`, or `always`: all operations from this one on
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITES, READS };

static const char *folder;
static _Atomic unsigned long *state;
static enum kind on;
static unsigned long at;
static int does, lasts, kills;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("TOWER_FAULT_STATE");
  folder = getenv("TOWER_FAULT_FOLDER");
  if (!path || !folder) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *shared = mmap(NULL, 24, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  const char *what = getenv("TOWER_FAULT_DO"), *number = getenv("TOWER_FAULT_AT"), *kind = getenv("TOWER_FAULT_ON");
  const char *many = getenv("TOWER_FAULT_LASTS");
  does = !what ? 0 : !strcmp(what, "EIO") ? EIO : !strcmp(what, "ENOSPC") ? ENOSPC : 0;
  kills = what && !strcmp(what, "KILL");
  at = number ? strtoul(number, NULL, 10) : 0;
  on = kind && !strcmp(kind, "read") ? READS : WRITES;
  lasts = many && !strcmp(many, "always");
  if (shared != MAP_FAILED) state = shared;
}

static int below(const char *path) {
  size_t length = strlen(folder);
  return !strncmp(path, folder, length) && (path[length] == '/' || path[length] == 0);
}

static int named(const char *path) {
  if (!state || !path) return 0;
  if (path[0] == '/') return below(path);
  char now[PATH_MAX];
  return getcwd(now, sizeof now) && below(now);
}

static int opened(int fd) {
  if (!state) return 0;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return below(path);
}

/* Counts one operation. 1: it is the one, or after it. */
static int due(enum kind kind) {
  unsigned long number = atomic_fetch_add(&state[kind], 1);
  if (kind != on || (!does && !kills)) return 0;
  if (number == at || (lasts && number > at)) {
    atomic_fetch_add(&state[2], 1);
    return 1;
  }
  return 0;
}

static void ends(void) {
  kill(0, SIGKILL);
  for (;;) pause();
}

/* What happens instead of an operation: nothing (0), or an error (1). */
static int fails(enum kind kind) {
  if (!due(kind)) return 0;
  if (kills) ends();
  errno = does;
  return 1;
}

/* Of a full disk: what takes no room goes on. */
static int failsFree(void) {
  if (does == ENOSPC) return 0;
  return fails(WRITES);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPENS(name)                                                        \
  int name(const char *path, int flags, ...) {                             \
    REAL(name);                                                            \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = va_arg(rest, int);                                       \
    va_end(rest);                                                          \
    if (named(path) && !(flags & O_DIRECTORY) && fails(flags & O_CREAT ? WRITES : READS)) return -1; \
    return real(path, flags, mode);                                        \
  }
OPENS(open)
OPENS(open64)

#define OPENSAT(name)                                                      \
  int name(int base, const char *path, int flags, ...) {                   \
    REAL(name);                                                            \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = va_arg(rest, int);                                       \
    va_end(rest);                                                          \
    if (named(path) && !(flags & O_DIRECTORY) && fails(flags & O_CREAT ? WRITES : READS)) return -1; \
    return real(base, path, flags, mode);                                  \
  }
OPENSAT(openat)
OPENSAT(openat64)

/* A kill in a write leaves the first half of it; so does a disk that is full. */
#define WRITES_BYTES(name, parameters, arguments, halved)                  \
  ssize_t name parameters {                                                \
    REAL(name);                                                            \
    if (opened(fd) && due(WRITES)) {                                       \
      if (size > 1 && (kills || does == ENOSPC)) { ssize_t done = real halved; (void)done; } \
      if (kills) ends();                                                   \
      errno = does;                                                        \
      return -1;                                                           \
    }                                                                      \
    return real arguments;                                                 \
  }
WRITES_BYTES(write, (int fd, const void *bytes, size_t size), (fd, bytes, size), (fd, bytes, size / 2))
WRITES_BYTES(pwrite, (int fd, const void *bytes, size_t size, off_t to), (fd, bytes, size, to), (fd, bytes, size / 2, to))
WRITES_BYTES(pwrite64, (int fd, const void *bytes, size_t size, off64_t to), (fd, bytes, size, to), (fd, bytes, size / 2, to))

#define ON_OPENED(type, kind, name, parameters, arguments)                 \
  type name parameters {                                                   \
    REAL(name);                                                            \
    if (opened(fd) && fails(kind)) return -1;                              \
    return real arguments;                                                 \
  }
ON_OPENED(ssize_t, WRITES, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
ON_OPENED(ssize_t, WRITES, pwritev, (int fd, const struct iovec *parts, int count, off_t to), (fd, parts, count, to))
ON_OPENED(ssize_t, WRITES, pwritev64, (int fd, const struct iovec *parts, int count, off64_t to), (fd, parts, count, to))
ON_OPENED(int, WRITES, fsync, (int fd), (fd))
ON_OPENED(int, WRITES, fdatasync, (int fd), (fd))
ON_OPENED(int, WRITES, ftruncate, (int fd, off_t size), (fd, size))
ON_OPENED(int, WRITES, ftruncate64, (int fd, off64_t size), (fd, size))
ON_OPENED(ssize_t, READS, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
ON_OPENED(ssize_t, READS, pread, (int fd, void *bytes, size_t size, off_t from), (fd, bytes, size, from))
ON_OPENED(ssize_t, READS, pread64, (int fd, void *bytes, size_t size, off64_t from), (fd, bytes, size, from))
ON_OPENED(ssize_t, READS, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))
ON_OPENED(ssize_t, READS, preadv, (int fd, const struct iovec *parts, int count, off_t from), (fd, parts, count, from))
ON_OPENED(ssize_t, READS, preadv64, (int fd, const struct iovec *parts, int count, off64_t from), (fd, parts, count, from))

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (named(path) && fails(WRITES)) return -1;
  return real(path, mode);
}
int rename(const char *from, const char *to) {
  REAL(rename);
  if (named(to) && failsFree()) return -1;
  return real(from, to);
}
int link(const char *from, const char *to) {
  REAL(link);
  if (named(to) && fails(WRITES)) return -1;
  return real(from, to);
}
int unlink(const char *path) {
  REAL(unlink);
  if (named(path) && failsFree()) return -1;
  return real(path);
}
int rmdir(const char *path) {
  REAL(rmdir);
  if (named(path) && failsFree()) return -1;
  return real(path);
}
