// A disk whose writing back fails: while the file named by GRAFT_CHAOS_SYNC is there, every fsync and fdatasync of a process
// that this library is loaded into ends with EIO, as they do where a disk or a file server is failing. SQLite's calls go
// through it too.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int is_failing(void) {
  const char *flag = getenv("GRAFT_CHAOS_SYNC");
  int before = errno;
  int failing = flag != NULL && access(flag, F_OK) == 0;
  errno = before;
  return failing;
}

static int passed_on(const char *name, int file) {
  if (is_failing()) {
    errno = EIO;
    return -1;
  }
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (next == NULL) {
    errno = ENOSYS;
    return -1;
  }
  return next(file);
}

int fsync(int file) { return passed_on("fsync", file); }

int fdatasync(int file) { return passed_on("fdatasync", file); }
