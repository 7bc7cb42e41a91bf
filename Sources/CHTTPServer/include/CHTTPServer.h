// An HTTP server behind plain functions: libmicrohttpd receives whole requests within limits of size, time and
// memory on a thread of its own, callers take them from a bounded queue and answer them. Nothing of a request is
// interpreted here but its length.
//
// Empty unless the package trait Serve is on.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A listening server.
typedef struct hs_server hs_server;
// A request that was received completely and waits for its answer.
typedef struct hs_exchange hs_exchange;

// Why the server refuses a request without showing it to anyone.
enum {
  HS_NO_LENGTH,  // 411: a body without a Content-Length
  HS_TOO_LARGE,  // 413: a body beyond the limit
  HS_BUSY,       // 503: the queue or the memory for bodies is full, or the server is ending
  HS_TOO_SLOW,   // 408: a body that does not arrive in time
  HS_REFUSAL_COUNT
};

typedef struct {
  uint16_t port;         // 0: any free one
  uint32_t connections;  // at once; more wait in the kernel's backlog
  uint32_t seconds;      // for a head, for a body, and for an answer to be read
  size_t largest_body;   // bytes
  size_t most_memory;    // bytes of all bodies together
  uint32_t queue;        // requests of a lane that wait
} hs_settings;

// Starts a server at a numeric IPv4 or IPv6 address; NULL with the number of the system's error in *error if it
// cannot listen. The headers of refusals are pairs of texts, each with a null byte at its end; their bodies follow
// in the order of the reasons.
hs_server *hs_start(
  const hs_settings *settings, const char *address, const char *refusal_headers,
  size_t refusal_headers_size, const char *no_length, const char *too_large, const char *busy,
  const char *too_slow, int *error);

// The port that it listens at.
uint16_t hs_port(const hs_server *server);

// Waits for the next request: lane 1 has those that may have a body (POST, PUT, PATCH), lane 0 all others. NULL
// once the server is ending.
hs_exchange *hs_take(hs_server *server, int lane);

const char *hs_method(const hs_exchange *exchange);
// The target of the request line, as it came.
const char *hs_target(const hs_exchange *exchange);
// The headers as pairs of texts, each with a null byte at its end.
const char *hs_headers(const hs_exchange *exchange, size_t *size);
const uint8_t *hs_body(const hs_exchange *exchange, size_t *size);
// Frees the body before the answer is there.
void hs_forget_body(hs_exchange *exchange);

// Answers a request, which ends its exchange. Headers as in hs_headers.
void hs_answer(
  hs_exchange *exchange, uint32_t status, const char *headers, size_t headers_size, const void *body,
  size_t body_size);

// How many requests were refused here, by reason.
uint64_t hs_refused(hs_server *server, int reason);

// Refuses what waits, lets answers that are being worked out be given within the time, and stops. Returns 0 if all
// were given; the server is freed then. Else it is left as it is, for a process that ends.
int hs_stop(hs_server *server, uint32_t seconds);
