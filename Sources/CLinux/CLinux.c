#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

socklen_t clinux_parse_ip(const char *text, uint16_t port, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

socklen_t clinux_parse_unix(const char *path, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    struct sockaddr_un *local = (struct sockaddr_un *)address;
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof local->sun_path) return 0;
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, length + 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

int clinux_resolve(
    const char *name, uint16_t port, struct sockaddr_storage *addresses, int count_max) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(name, NULL, &hints, &found) != 0) return 0;
    int count = 0;
    for (struct addrinfo *next = found; next != NULL && count < count_max; next = next->ai_next) {
        struct sockaddr_storage *address = &addresses[count];
        if (next->ai_addrlen > sizeof *address) continue;
        memset(address, 0, sizeof *address);
        memcpy(address, next->ai_addr, next->ai_addrlen);
        if (address->ss_family == AF_INET) {
            ((struct sockaddr_in *)address)->sin_port = htons(port);
        } else if (address->ss_family == AF_INET6) {
            ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
        } else {
            continue;
        }
        count++;
    }
    freeaddrinfo(found);
    return count;
}

int clinux_format(const struct sockaddr_storage *address, char *text, size_t capacity) {
    switch (address->ss_family) {
    case AF_INET: {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return inet_ntop(AF_INET, &v4->sin_addr, text, (socklen_t)capacity) ? 0 : -1;
    }
    case AF_INET6: {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        // A client that reached us over IPv4 is shown as the IPv4 address it is.
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            return inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, (socklen_t)capacity)
                       ? 0 : -1;
        }
        return inet_ntop(AF_INET6, &v6->sin6_addr, text, (socklen_t)capacity) ? 0 : -1;
    }
    case AF_UNIX: {
        const struct sockaddr_un *local = (const struct sockaddr_un *)address;
        int count = snprintf(text, capacity, "unix:%s", local->sun_path);
        return count >= 0 && (size_t)count < capacity ? 0 : -1;
    }
    default:
        return -1;
    }
}

uint16_t clinux_port(const struct sockaddr_storage *address) {
    switch (address->ss_family) {
    case AF_INET: return ntohs(((const struct sockaddr_in *)address)->sin_port);
    case AF_INET6: return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    default: return 0;
    }
}

int clinux_accept(int listener, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    socklen_t length = sizeof *address;
    return accept4(listener, (struct sockaddr *)address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_bind(int descriptor, const struct sockaddr_storage *address, socklen_t length) {
    return bind(descriptor, (const struct sockaddr *)address, length);
}

int clinux_connect(int descriptor, const struct sockaddr_storage *address, socklen_t length) {
    return connect(descriptor, (const struct sockaddr *)address, length);
}

int clinux_local_address(int descriptor, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    socklen_t length = sizeof *address;
    return getsockname(descriptor, (struct sockaddr *)address, &length);
}

int clinux_set_option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value);
}

int clinux_socket_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -1;
    return error;
}

int clinux_tcp_state(int descriptor, struct clinux_tcp_state *state) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    state->unacknowledged = info.tcpi_unacked;
    state->retransmits = info.tcpi_retransmits;
    state->probes = info.tcpi_probes;
    state->silence_ms = info.tcpi_last_ack_recv;
    state->idle_ms = info.tcpi_last_data_sent;
    state->timeout_ms = info.tcpi_rto / 1000;
    state->backoff = info.tcpi_backoff;
    int unsent = 0;
    if (ioctl(descriptor, SIOCOUTQNSD, &unsent) != 0) unsent = 0;
    state->unsent = (uint32_t)unsent;
    state->keep_idle_ms = 0;
    if (info.tcpi_probes > 0) {
        int seconds = 0;
        length = sizeof seconds;
        if (getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &length) == 0)
            state->keep_idle_ms = (uint32_t)seconds * 1000;
    }
    return 0;
}

int clinux_signals(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int index = 0; index < count; index++) sigaddset(&set, signals[index]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void clinux_ignore(int number) { signal(number, SIG_IGN); }

uint64_t clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

int clinux_open_append(const char *path) {
    // Non-blocking only while opening: a FIFO without a reader must not hold the caller up.
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
    if (descriptor >= 0) fcntl(descriptor, F_SETFL, O_APPEND);
    return descriptor;
}

int clinux_fill_standard(void) {
    int missing = 0;
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        // The kernel gives out the lowest number that is free, which is this one.
        int opened = open("/dev/null", O_RDWR);
        // Without that device, something that can be neither read nor written.
        if (opened < 0) opened = open("/", O_PATH);
        if (opened != descriptor) return -1;
        missing |= 1 << descriptor;
    }
    return missing;
}

int clinux_lock_folder(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    close(descriptor);
    return -2;
}

int clinux_socket_file(const char *path, uint64_t *device, uint64_t *inode) {
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return -1;
    *device = status.st_dev;
    *inode = status.st_ino;
    return 0;
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void clinux_trim_memory(void) { malloc_trim(0); }

int clinux_affinity_count(void) {
    for (int processors = 1024; processors <= 1 << 20; processors *= 4) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (set == NULL) break;
        size_t size = CPU_ALLOC_SIZE(processors);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) return count;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
