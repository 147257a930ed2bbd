// Linux, through one door: the headers that Glibc's module leaves out, and the few calls whose
// types Swift cannot express.
#pragma once
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

// Fills `address` from a numeric IPv4 or IPv6 address, or from a path of a unix socket.
// Returns the length, 0 when `text` is neither or does not fit.
socklen_t clinux_parse_ip(const char *text, uint16_t port, struct sockaddr_storage *address);
socklen_t clinux_parse_unix(const char *path, struct sockaddr_storage *address);

// Gives memory that was freed back to the system.
void clinux_trim_memory(void);

// Resolves a host name to its addresses. May block for as long as the resolver does.
int clinux_resolve(
    const char *name, uint16_t port, struct sockaddr_storage *addresses, int count_max);

// Writes the numeric address, or the path of a unix socket, as text. Returns 0, or -1.
int clinux_format(const struct sockaddr_storage *address, char *text, size_t capacity);
uint16_t clinux_port(const struct sockaddr_storage *address);

// accept4(2), non-blocking and close-on-exec.
int clinux_accept(int listener, struct sockaddr_storage *address);
int clinux_bind(int descriptor, const struct sockaddr_storage *address, socklen_t length);
int clinux_connect(int descriptor, const struct sockaddr_storage *address, socklen_t length);
int clinux_local_address(int descriptor, struct sockaddr_storage *address);

// setsockopt(2) for options that are one int.
int clinux_set_option(int descriptor, int level, int name, int value);
int clinux_socket_error(int descriptor);

// What TCP knows of the peer (tcp(7), TCP_INFO). Returns 0, or -1 for what is no TCP socket.
struct clinux_tcp_state {
    uint32_t unacknowledged;   // segments sent that nothing was heard of
    uint32_t retransmits;      // timeouts in a row
    uint32_t probes;           // probes in a row without an answer
    uint32_t silence_ms;       // since the last acknowledgement came
    uint32_t idle_ms;          // since the last data went out
    uint32_t timeout_ms;       // until the next retransmission, doubled each time
    uint32_t backoff;          // how often it was doubled
    uint32_t unsent;           // bytes that wait for the peer's window
    uint32_t keep_idle_ms;     // after how much silence probes begin
};
int clinux_tcp_state(int descriptor, struct clinux_tcp_state *state);

// A signalfd for the given signals, which are blocked for the calling thread and for all that it
// starts afterwards. Returns the descriptor, or -1.
int clinux_signals(const int *signals, int count);
// The next signal waiting in a signalfd, 0 when there is none.
int clinux_next_signal(int descriptor);
void clinux_ignore(int signal);

// getrlimit and setrlimit for RLIMIT_NOFILE: raises the soft limit to the hard one, returns it.
uint64_t clinux_raise_descriptor_limit(void);

// open(2) for appending, created when missing. Returns the descriptor, or -1.
int clinux_open_append(const char *path);

// Opens those of the descriptors 0 to 2 that are closed, on /dev/null. Returns a bit for each that
// was, or -1 when that cannot be done.
int clinux_fill_standard(void);

// Locks a folder against others who do the same (flock(2)). Returns the descriptor that holds the
// lock, -1 when the folder cannot be opened, -2 when somebody else holds it.
int clinux_lock_folder(const char *path);

// The device and inode of the unix socket at `path`. Returns 0, or -1 for anything else.
int clinux_socket_file(const char *path, uint64_t *device, uint64_t *inode);

// How many processors the calling thread may run on (sched_getaffinity(2)), whatever their number.
int clinux_affinity_count(void);

// Names the calling thread for debuggers and top(1).
void clinux_name_thread(const char *name);
