#ifdef KEEPFIT_SERVE
// Ends connections that are too slow. libmicrohttpd's own limit is for silence, and a byte now and then passes it.
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

// While all connections are taken, what is still sending its request has less time, so that others get a turn.
static const int64_t head_when_full = 3000, body_when_full = 10000;

static int64_t limit(const hs_server *server, const hs_peer *peer) {
  int64_t most = server->milliseconds;
  if (server->peer_count >= server->connections) {
    if (peer->phase == HS_HEAD && most > head_when_full) return head_when_full;
    if (peer->phase == HS_BODY && most > body_when_full) return body_when_full;
  }
  return most;
}

// Answers 408 in the middle of a body: libmicrohttpd writes nothing then.
static void tell(hs_server *server, const hs_peer *peer) {
  char text[4096];
  const char *body = server->refusals[HS_TOO_SLOW];
  int size = snprintf(
    text, sizeof text, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: %zu\r\n",
    strlen(body));
  for (size_t place = 0; place < server->refusal_headers_size;) {
    const char *name = server->refusal_headers + place, *value = name + strlen(name) + 1;
    if (size > 0 && (size_t)size < sizeof text)
      size += snprintf(text + size, sizeof text - (size_t)size, "%s: %s\r\n", name, value);
    place = (size_t)(value - server->refusal_headers) + strlen(value) + 1;
  }
  if (size > 0 && (size_t)size < sizeof text)
    size += snprintf(text + size, sizeof text - (size_t)size, "\r\n%s", body);
  if (size > 0 && (size_t)size < sizeof text)
    send(peer->socket, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void *hs_watch(void *context) {
  hs_server *server = context;
  int may_leave = 0;
  while (!may_leave) {
    struct timespec time = {0, 200 * 1000 * 1000};
    nanosleep(&time, NULL);
    pthread_mutex_lock(&server->lock);
    may_leave = server->watchman_may_leave;
    int64_t now = hs_now();
    for (hs_peer *peer = server->peers; peer; peer = peer->next) {
      if (peer->is_cut || peer->phase == HS_WORKING || peer->socket < 0) continue;
      if (now - peer->since <= limit(server, peer)) continue;
      if (peer->phase == HS_BODY) {
        tell(server, peer);
        server->refused[HS_TOO_SLOW] += 1;
      }
      shutdown(peer->socket, SHUT_RDWR);
      peer->is_cut = 1;
    }
    pthread_mutex_unlock(&server->lock);
  }
  return NULL;
}
#endif
