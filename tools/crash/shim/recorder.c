/* Loaded into a process before the C library (LD_PRELOAD): records, in one order, every call that
 * changes something below a folder, or lets one of these calls fail. The layout of a record is read
 * by src/trace.rs.
 *
 *   RECORDER_ROOT    the folder, absolute and without links; nothing is done without it
 *   RECORDER_TRACE   the file that takes the records; it must not be below the folder
 *   RECORDER_PAUSE   microseconds between the begin of a sync and the call, default 0
 *   RECORDER_FAIL    number of the call that fails, from 1; then only failures are recorded
 *   RECORDER_ERRNO   with what it fails
 *   RECORDER_SHORT   set: a write that fails writes its first half, and the next to the file fails
 *
 * A call and its record are made under one lock, so that records stand in the order of the calls.
 * Only a sync runs outside of it, between two records: what is written meanwhile may not be covered.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    OPENED = 1,
    CLOSED,
    WRITTEN,
    RESIZED,
    GROWN,
    SYNC_BEGUN,
    SYNC_ENDED,
    RENAMED,
    UNLINKED,
    LINKED,
    FOLDER_MADE,
    FOLDER_REMOVED,
    SAID,
    FAILED,
};

/* Followed by the bytes of two texts or of data. */
struct record {
    uint32_t kind;
    int32_t fd;
    uint64_t a, b;
    uint32_t first_bytes, second_bytes;
};

enum { DESCRIPTORS = 1 << 16, BELOW = 1, APPENDS = 2, ALWAYS_FAILS = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_bytes;
static int trace = -1;
static unsigned pause_micros;
static uint64_t fail_at, calls, syncs;
static int fail_with = EIO, fail_short;
/* What is known of each descriptor; 0 for those that do not concern us. */
static unsigned char known[DESCRIPTORS];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORDER_TRACE"), *text;
    const char *folder = getenv("RECORDER_ROOT");
    if (!folder || !path) return;
    if ((text = getenv("RECORDER_PAUSE"))) pause_micros = (unsigned)strtoul(text, NULL, 10);
    if ((text = getenv("RECORDER_FAIL"))) fail_at = strtoull(text, NULL, 10);
    if ((text = getenv("RECORDER_ERRNO"))) fail_with = atoi(text);
    fail_short = getenv("RECORDER_SHORT") != NULL;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror("recorder: opening the trace");
        _exit(99);
    }
    /* Out of the way of the program's descriptors. */
    trace = fcntl(fd, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, fd);
    if (trace < 0) _exit(99);
    root_bytes = strlen(folder);
    root = folder;
}

static void put_bytes(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        long done = syscall(SYS_write, trace, at, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            static const char said[] = "recorder: writing the trace failed\n";
            syscall(SYS_write, 2, said, sizeof said - 1);
            _exit(99);
        }
        at += done;
        count -= (size_t)done;
    }
}

static void put(uint32_t kind, int fd, uint64_t a, uint64_t b, const void *first,
                size_t first_bytes, const void *second, size_t second_bytes) {
    struct record record = {kind, fd, a, b, (uint32_t)first_bytes, (uint32_t)second_bytes};
    int before = errno;
    if (fail_at && kind != FAILED && kind != SAID) return;
    put_bytes(&record, sizeof record);
    if (first_bytes) put_bytes(first, first_bytes);
    if (second_bytes) put_bytes(second, second_bytes);
    errno = before;
}

/* Whether this call is the one that fails; `name` and `path` are for the report. */
static int fails(const char *name, const char *path) {
    if (!fail_at || ++calls != fail_at) return 0;
    put(FAILED, 0, 0, 0, name, strlen(name), path, strlen(path));
    errno = fail_with;
    return 1;
}

static int is_known(int fd) { return root && fd >= 0 && fd < DESCRIPTORS && known[fd]; }

static const char *path_of(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, out, PATH_MAX - 1);
    out[bytes < 0 ? 0 : bytes] = 0;
    return out;
}

static int fails_at(const char *name, int fd) {
    char path[PATH_MAX];
    if (!fail_at) return 0;
    return fails(name, path_of(fd, path));
}

/* The path from the root, where it is below it; else NULL. */
static const char *below(int folder, const char *path, char *full) {
    if (!root || !path) return NULL;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return NULL;
        strcpy(full, path);
    } else {
        if (folder == AT_FDCWD) {
            if (!getcwd(full, PATH_MAX)) return NULL;
        } else {
            path_of(folder, full);
        }
        size_t length = strlen(full);
        if (length + strlen(path) + 2 > PATH_MAX) return NULL;
        full[length] = '/';
        strcpy(full + length + 1, path);
    }
    if (strncmp(full, root, root_bytes) != 0) return NULL;
    if (full[root_bytes] != '/' && full[root_bytes] != 0) return NULL;
    return full + root_bytes;
}

/* A descriptor that stands for something else now, should its last close have gone unseen. */
static int forget(int fd) {
    if (is_known(fd)) {
        pthread_mutex_lock(&lock);
        known[fd] = 0;
        put(CLOSED, fd, 0, 0, NULL, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

static int open_below(int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    const char *name = below(folder, path, full);
    if (!name) return forget((int)syscall(SYS_openat, folder, path, flags, mode));
    pthread_mutex_lock(&lock);
    int fd = -1;
    if (!fails("open", full)) {
        int existed = syscall(SYS_faccessat, AT_FDCWD, full, F_OK) == 0;
        fd = (int)syscall(SYS_openat, folder, path, flags, mode);
        if (fd >= DESCRIPTORS) _exit(99);
        if (fd >= 0) {
            known[fd] = (unsigned char)(BELOW | (flags & O_APPEND ? APPENDS : 0));
            int truncates = existed && (flags & O_TRUNC);
            put(OPENED, fd, (uint64_t)!existed, (uint64_t)truncates, name, strlen(name), NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return open_below(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return open_below(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return open_below(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return open_below(folder, path, flags | O_LARGEFILE, mode);
}

int creat(const char *path, mode_t mode) {
    return open_below(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int creat64(const char *path, mode_t mode) {
    return open_below(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode);
}

int close(int fd) {
    if (!is_known(fd)) return (int)syscall(SYS_close, fd);
    pthread_mutex_lock(&lock);
    int failed = fails_at("close", fd);
    int done = (int)syscall(SYS_close, fd);
    known[fd] = 0;
    put(CLOSED, fd, 0, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    if (failed) errno = fail_with;
    return failed ? -1 : done;
}

/* Closes by another way than `close`. */
int fclose(FILE *file) {
    static int (*next)(FILE *);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "fclose");
    forget(fileno(file));
    return next(file);
}

static uint64_t end_of(int fd) {
    struct stat stat;
    return fstat(fd, &stat) == 0 ? (uint64_t)stat.st_size : 0;
}

/* A write of a piece at an offset, or at the descriptor's place where that is negative. */
static ssize_t write_piece(int fd, const void *bytes, size_t count, off64_t offset) {
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    size_t allowed = count;
    int failed = 0;
    if (known[fd] & ALWAYS_FAILS) {
        known[fd] &= (unsigned char)~ALWAYS_FAILS;
        failed = 1;
        errno = fail_with;
    } else if (fails_at("write", fd)) {
        failed = !(fail_short && count > 1);
        if (!failed) {
            allowed = count / 2;
            known[fd] |= ALWAYS_FAILS;
        }
    }
    if (!failed) {
        uint64_t at = (uint64_t)offset;
        if (known[fd] & APPENDS) at = end_of(fd);
        else if (offset < 0) at = (uint64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
        done = offset < 0 ? syscall(SYS_write, fd, bytes, allowed)
                          : syscall(SYS_pwrite64, fd, bytes, allowed, offset);
        if (done > 0) put(WRITTEN, fd, at, 0, bytes, (size_t)done, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t write_pieces(int fd, const struct iovec *pieces, int count, off64_t offset) {
    ssize_t all = 0;
    for (int piece = 0; piece < count; piece++) {
        off64_t at = offset < 0 ? offset : offset + all;
        ssize_t done = write_piece(fd, pieces[piece].iov_base, pieces[piece].iov_len, at);
        if (done < 0) return all > 0 ? all : done;
        all += done;
        if ((size_t)done < pieces[piece].iov_len) break;
    }
    return all;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (root && fd == STDOUT_FILENO) {
        pthread_mutex_lock(&lock);
        put(SAID, fd, 0, 0, bytes, count, NULL, 0);
        ssize_t done = syscall(SYS_write, fd, bytes, count);
        pthread_mutex_unlock(&lock);
        return done;
    }
    return is_known(fd) ? write_piece(fd, bytes, count, -1) : syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return is_known(fd) ? write_piece(fd, bytes, count, offset)
                        : syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return pwrite64(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    return is_known(fd) ? write_pieces(fd, pieces, count, -1)
                        : syscall(SYS_writev, fd, pieces, count);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
    return is_known(fd) ? write_pieces(fd, pieces, count, offset)
                        : syscall(SYS_pwritev, fd, pieces, count, offset, 0);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
    return pwritev64(fd, pieces, count, offset);
}

/* Calls that only read are not recorded, but may fail. */

ssize_t read(int fd, void *bytes, size_t count) {
    if (is_known(fd) && fail_at) {
        pthread_mutex_lock(&lock);
        int failed = fails_at("read", fd);
        pthread_mutex_unlock(&lock);
        if (failed) return -1;
    }
    return syscall(SYS_read, fd, bytes, count);
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) {
    if (is_known(fd) && fail_at) {
        pthread_mutex_lock(&lock);
        int failed = fails_at("pread", fd);
        pthread_mutex_unlock(&lock);
        if (failed) return -1;
    }
    return syscall(SYS_pread64, fd, bytes, count, offset);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset) {
    return pread64(fd, bytes, count, offset);
}

void *mmap64(void *place, size_t length, int protection, int flags, int fd, off64_t offset) {
    if (!(flags & MAP_ANONYMOUS) && is_known(fd)) {
        pthread_mutex_lock(&lock);
        int failed = fails_at("mmap", fd);
        if (!failed && (protection & PROT_WRITE) && (flags & MAP_SHARED)) {
            static const char said[] = "recorder: a map that can be written is not recorded\n";
            syscall(SYS_write, 2, said, sizeof said - 1);
            _exit(99);
        }
        pthread_mutex_unlock(&lock);
        if (failed) return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, place, length, protection, flags, fd, offset);
}

void *mmap(void *place, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap64(place, length, protection, flags, fd, offset);
}

int ftruncate64(int fd, off64_t length) {
    if (!is_known(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int done = fails_at("ftruncate", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0) put(RESIZED, fd, (uint64_t)length, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int truncate64(const char *path, off64_t length) {
    int fd = open64(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int done = ftruncate64(fd, length), said = errno;
    close(fd);
    errno = said;
    return done;
}

int truncate(const char *path, off_t length) { return truncate64(path, length); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    if (!is_known(fd)) return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    pthread_mutex_lock(&lock);
    int done = fails_at("fallocate", fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, length);
    if (done == 0 && !(mode & FALLOC_FL_KEEP_SIZE)) {
        put(GROWN, fd, (uint64_t)(offset + length), 0, NULL, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    return fallocate64(fd, mode, offset, length);
}

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return fallocate64(fd, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t offset, off_t length) {
    return posix_fallocate64(fd, offset, length);
}

static int sync_file(long number, const char *name, int fd) {
    if (!is_known(fd)) return (int)syscall(number, fd);
    pthread_mutex_lock(&lock);
    uint64_t id = ++syncs;
    int failed = fails_at(name, fd);
    if (!failed) put(SYNC_BEGUN, fd, id, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    if (failed) return -1;
    if (pause_micros) usleep(pause_micros);
    int done = (int)syscall(number, fd);
    if (done == 0) {
        pthread_mutex_lock(&lock);
        put(SYNC_ENDED, fd, id, 0, NULL, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return done;
}

int fsync(int fd) { return sync_file(SYS_fsync, "fsync", fd); }

int fdatasync(int fd) { return sync_file(SYS_fdatasync, "fdatasync", fd); }

/* Promises nothing about power loss. */
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    if (is_known(fd)) {
        pthread_mutex_lock(&lock);
        int failed = fails_at("sync_file_range", fd);
        pthread_mutex_unlock(&lock);
        if (failed) return -1;
    }
    return (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}

static int move_below(uint32_t kind, const char *call, int from_folder, const char *from,
                      int to_folder, const char *to, unsigned flags) {
    char full_from[PATH_MAX], full_to[PATH_MAX];
    const char *from_name = below(from_folder, from, full_from);
    const char *to_name = below(to_folder, to, full_to);
    long number = kind == LINKED ? SYS_linkat : SYS_renameat2;
    if (!from_name || !to_name) return (int)syscall(number, from_folder, from, to_folder, to, flags);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails(call, full_from)) {
        done = (int)syscall(number, from_folder, from, to_folder, to, flags);
        if (done == 0) {
            put(kind, -1, 0, 0, from_name, strlen(from_name), to_name, strlen(to_name));
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    return move_below(RENAMED, "rename", AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return move_below(RENAMED, "rename", from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    return move_below(RENAMED, "rename", from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to) {
    return move_below(LINKED, "link", AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    return move_below(LINKED, "link", from_folder, from, to_folder, to, (unsigned)flags);
}

int unlinkat(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    const char *name = below(folder, path, full);
    if (!name) return (int)syscall(SYS_unlinkat, folder, path, flags);
    int removes = flags & AT_REMOVEDIR;
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails(removes ? "rmdir" : "unlink", full)) {
        done = (int)syscall(SYS_unlinkat, folder, path, flags);
        if (done == 0) {
            put(removes ? FOLDER_REMOVED : UNLINKED, -1, 0, 0, name, strlen(name), NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char full[PATH_MAX];
    const char *name = below(folder, path, full);
    if (!name) return (int)syscall(SYS_mkdirat, folder, path, mode);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails("mkdir", full)) {
        done = (int)syscall(SYS_mkdirat, folder, path, mode);
        if (done == 0) put(FOLDER_MADE, -1, 0, 0, name, strlen(name), NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
