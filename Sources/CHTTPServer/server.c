#ifdef KEEPFIT_SERVE
// Starting, answering and stopping: callers' side of the server.
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t hs_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

unsigned hs_status(int refusal) {
  static const unsigned statuses[HS_REFUSAL_COUNT] = {411, 413, 503, 408};
  return statuses[refusal];
}

struct MHD_Response *hs_response(
  const char *headers, size_t headers_size, const void *body, size_t body_size) {
  // libmicrohttpd copies the body and does not change it.
  struct MHD_Response *response =
    MHD_create_response_from_buffer(body_size, (void *)body, MHD_RESPMEM_MUST_COPY);
  if (!response) return NULL;
  for (size_t place = 0; place < headers_size;) {
    const char *name = headers + place, *value = name + strlen(name) + 1;
    MHD_add_response_header(response, name, value);
    place = (size_t)(value - headers) + strlen(value) + 1;
  }
  return response;
}

// A socket that listens; -1 with errno.
static int listening(const char *address, uint16_t asked, uint16_t *port) {
  struct addrinfo hints = {
    .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  if (getaddrinfo(address, NULL, &hints, &found) || !found) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  if (found->ai_family == AF_INET6)
    ((struct sockaddr_in6 *)found->ai_addr)->sin6_port = htons(asked);
  else
    ((struct sockaddr_in *)found->ai_addr)->sin_port = htons(asked);
  int one = 1, failure = 0;
  int handle = socket(found->ai_family, SOCK_STREAM, 0);
  if (handle < 0 || fcntl(handle, F_SETFD, FD_CLOEXEC) < 0
      || fcntl(handle, F_SETFL, O_NONBLOCK) < 0
      || setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
      || bind(handle, found->ai_addr, found->ai_addrlen) < 0 || listen(handle, 512) < 0)
    failure = errno;
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  if (!failure && getsockname(handle, (struct sockaddr *)&name, &size) < 0) failure = errno;
  if (!failure)
    *port = ntohs(
      name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                 : ((struct sockaddr_in *)&name)->sin_port);
  freeaddrinfo(found);
  if (!failure) return handle;
  if (handle >= 0) close(handle);
  errno = failure;
  return -1;
}

static void release(hs_server *server) {
  for (int index = 0; index < HS_REFUSAL_COUNT; index += 1) free(server->refusals[index]);
  free(server->refusal_headers);
  pthread_cond_destroy(&server->lanes[0].arrived);
  pthread_cond_destroy(&server->lanes[1].arrived);
  pthread_mutex_destroy(&server->lock);
  free(server);
}

hs_server *hs_start(
  const hs_settings *settings, const char *address, const char *refusal_headers,
  size_t refusal_headers_size, const char *no_length, const char *too_large, const char *busy,
  const char *too_slow, int *error) {
  const char *refusals[HS_REFUSAL_COUNT] = {no_length, too_large, busy, too_slow};
  uint16_t port = 0;
  int handle = listening(address, settings->port, &port);
  if (handle < 0) {
    *error = errno;
    return NULL;
  }
  hs_server *server = calloc(1, sizeof *server);
  if (!server) {
    close(handle);
    *error = ENOMEM;
    return NULL;
  }
  server->port = port;
  server->connections = settings->connections;
  server->queue = settings->queue;
  server->milliseconds = (int64_t)settings->seconds * 1000;
  server->largest_body = settings->largest_body;
  server->most_memory = settings->most_memory;
  server->refusal_headers_size = refusal_headers_size;
  server->refusal_headers = malloc(refusal_headers_size + 1);
  pthread_mutex_init(&server->lock, NULL);
  pthread_cond_init(&server->lanes[0].arrived, NULL);
  pthread_cond_init(&server->lanes[1].arrived, NULL);
  int is_complete = server->refusal_headers != NULL;
  for (int index = 0; index < HS_REFUSAL_COUNT; index += 1) {
    server->refusals[index] = strdup(refusals[index]);
    is_complete = is_complete && server->refusals[index] != NULL;
  }
  if (!is_complete) {
    close(handle);
    release(server);
    *error = ENOMEM;
    return NULL;
  }
  memcpy(server->refusal_headers, refusal_headers, refusal_headers_size);
  errno = 0;
  server->daemon = MHD_start_daemon(
    MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL,
    hs_on_request, server, MHD_OPTION_LISTEN_SOCKET, handle, MHD_OPTION_CONNECTION_LIMIT,
    (unsigned)settings->connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)settings->seconds + 5,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_STRICT_FOR_CLIENT, 1,
    MHD_OPTION_URI_LOG_CALLBACK, hs_on_target, server, MHD_OPTION_NOTIFY_COMPLETED, hs_on_end,
    server, MHD_OPTION_NOTIFY_CONNECTION, hs_on_connection, server, MHD_OPTION_END);
  if (!server->daemon) {
    *error = errno ? errno : EIO;
    close(handle);
    release(server);
    return NULL;
  }
  if (pthread_create(&server->watchman, NULL, hs_watch, server)) {
    *error = EAGAIN;
    MHD_stop_daemon(server->daemon);
    release(server);
    return NULL;
  }
  return server;
}

uint16_t hs_port(const hs_server *server) { return server->port; }

hs_exchange *hs_take(hs_server *server, int number) {
  hs_lane *lane = &server->lanes[number];
  pthread_mutex_lock(&server->lock);
  while (!server->is_stopping && !lane->first) pthread_cond_wait(&lane->arrived, &server->lock);
  hs_exchange *exchange = server->is_stopping ? NULL : lane->first;
  if (exchange) {
    lane->first = exchange->next;
    if (!lane->first) lane->last = NULL;
    lane->count -= 1;
    server->running += 1;
  }
  pthread_mutex_unlock(&server->lock);
  return exchange;
}

const char *hs_method(const hs_exchange *exchange) { return exchange->method; }
const char *hs_target(const hs_exchange *exchange) { return exchange->target; }

const char *hs_headers(const hs_exchange *exchange, size_t *size) {
  *size = exchange->headers_size;
  return exchange->headers;
}

const uint8_t *hs_body(const hs_exchange *exchange, size_t *size) {
  *size = exchange->size;
  return exchange->body;
}

void hs_forget_body(hs_exchange *exchange) {
  hs_server *server = exchange->server;
  pthread_mutex_lock(&server->lock);
  server->memory -= exchange->capacity;
  pthread_mutex_unlock(&server->lock);
  free(exchange->body);
  exchange->body = NULL;
  exchange->size = exchange->capacity = 0;
}

// Hands an answer to the thread of libmicrohttpd, which may free the exchange at once.
static void give(hs_exchange *exchange, unsigned status, struct MHD_Response *response) {
  exchange->status = status;
  exchange->response = response;
  exchange->is_done = 1;
  MHD_resume_connection(exchange->connection);
}

void hs_answer(
  hs_exchange *exchange, uint32_t status, const char *headers, size_t headers_size, const void *body,
  size_t body_size) {
  hs_server *server = exchange->server;
  give(exchange, status, hs_response(headers, headers_size, body, body_size));
  pthread_mutex_lock(&server->lock);
  server->running -= 1;
  pthread_mutex_unlock(&server->lock);
}

uint64_t hs_refused(hs_server *server, int reason) {
  pthread_mutex_lock(&server->lock);
  uint64_t count = server->refused[reason];
  pthread_mutex_unlock(&server->lock);
  return count;
}

// Whether a connection is in one of the phases from `first` on.
static int is_any(hs_server *server, hs_phase first) {
  int found = 0;
  pthread_mutex_lock(&server->lock);
  for (hs_peer *peer = server->peers; peer; peer = peer->next) found |= peer->phase >= first;
  pthread_mutex_unlock(&server->lock);
  return found;
}

static void pause_briefly(void) {
  struct timespec time = {0, 10 * 1000 * 1000};
  nanosleep(&time, NULL);
}

int hs_stop(hs_server *server, uint32_t seconds) {
  int handle = MHD_quiesce_daemon(server->daemon);
  if (handle >= 0) close(handle);
  hs_exchange *waiting[2];
  pthread_mutex_lock(&server->lock);
  server->is_stopping = 1;
  for (int number = 0; number < 2; number += 1) {
    hs_lane *lane = &server->lanes[number];
    waiting[number] = lane->first;
    lane->first = lane->last = NULL;
    pthread_cond_broadcast(&lane->arrived);
  }
  pthread_mutex_unlock(&server->lock);
  const char *text = server->refusals[HS_BUSY];
  for (int number = 0; number < 2; number += 1) {
    while (waiting[number]) {
      hs_exchange *exchange = waiting[number];
      waiting[number] = exchange->next;
      give(
        exchange, 503,
        hs_response(server->refusal_headers, server->refusal_headers_size, text, strlen(text)));
    }
  }
  int64_t end = hs_now() + (int64_t)seconds * 1000;
  uint32_t running;
  do {
    pthread_mutex_lock(&server->lock);
    running = server->running;
    pthread_mutex_unlock(&server->lock);
    if (running) pause_briefly();
  } while (running && hs_now() < end);
  // Answers that were given reach clients that read them.
  end = hs_now() + 2000;
  while (is_any(server, HS_WORKING) && hs_now() < end) pause_briefly();
  if (running) return 1;
  pthread_mutex_lock(&server->lock);
  server->watchman_may_leave = 1;
  pthread_mutex_unlock(&server->lock);
  pthread_join(server->watchman, NULL);
  MHD_stop_daemon(server->daemon);
  release(server);
  return 0;
}
#endif
