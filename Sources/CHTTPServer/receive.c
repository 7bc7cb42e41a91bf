#ifdef KEEPFIT_SERVE
// Receiving requests: everything here runs on the thread of libmicrohttpd.
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static hs_peer *peer_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

static void enter(hs_server *server, struct MHD_Connection *connection, hs_phase phase) {
  hs_peer *peer = peer_of(connection);
  if (!peer) return;
  pthread_mutex_lock(&server->lock);
  peer->phase = phase;
  peer->since = hs_now();
  pthread_mutex_unlock(&server->lock);
}

void hs_on_connection(
  void *context, struct MHD_Connection *connection, void **state,
  enum MHD_ConnectionNotificationCode code) {
  hs_server *server = context;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    hs_peer *peer = calloc(1, sizeof *peer);
    if (!peer) return;
    const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer->socket = info ? (int)info->connect_fd : -1;
    peer->since = hs_now();
    *state = peer;
    pthread_mutex_lock(&server->lock);
    peer->next = server->peers;
    if (peer->next) peer->next->previous = peer;
    server->peers = peer;
    server->peer_count += 1;
    pthread_mutex_unlock(&server->lock);
    return;
  }
  // The socket is closed after this: the watchman must not see it any more.
  hs_peer *peer = *state;
  if (!peer) return;
  pthread_mutex_lock(&server->lock);
  if (peer->previous) peer->previous->next = peer->next;
  else server->peers = peer->next;
  if (peer->next) peer->next->previous = peer->previous;
  server->peer_count -= 1;
  pthread_mutex_unlock(&server->lock);
  free(peer);
  *state = NULL;
}

// The request line has arrived.
void *hs_on_target(void *context, const char *target, struct MHD_Connection *connection) {
  (void)connection;
  hs_exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange) return NULL;
  exchange->server = context;
  exchange->refusal = -1;
  exchange->target = strdup(target);
  if (!exchange->target) {
    free(exchange);
    return NULL;
  }
  return exchange;
}

void hs_on_end(
  void *context, struct MHD_Connection *connection, void **state,
  enum MHD_RequestTerminationCode code) {
  (void)code;
  hs_exchange *exchange = *state;
  enter(context, connection, HS_HEAD);
  if (!exchange) return;
  if (exchange->response) MHD_destroy_response(exchange->response);
  hs_forget_body(exchange);
  free(exchange->headers);
  free(exchange->target);
  free(exchange);
  *state = NULL;
}

static enum MHD_Result refuse(hs_exchange *exchange, int reason) {
  hs_server *server = exchange->server;
  pthread_mutex_lock(&server->lock);
  server->refused[reason] += 1;
  pthread_mutex_unlock(&server->lock);
  hs_forget_body(exchange);
  const char *text = server->refusals[reason];
  struct MHD_Response *response =
    hs_response(server->refusal_headers, server->refusal_headers_size, text, strlen(text));
  if (!response) return MHD_NO;
  if (reason == HS_BUSY) MHD_add_response_header(response, "Retry-After", "1");
  enter(server, exchange->connection, HS_SENDING);
  exchange->is_done = 1;
  enum MHD_Result result = MHD_queue_response(exchange->connection, hs_status(reason), response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result begin(
  hs_exchange *exchange, struct MHD_Connection *connection, const char *method) {
  hs_server *server = exchange->server;
  exchange->connection = connection;
  snprintf(exchange->method, sizeof exchange->method, "%s", method);
  enter(server, connection, HS_BODY);
  int has_body = !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
  const char *length =
    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING)
      || (has_body && !length))
    return refuse(exchange, HS_NO_LENGTH);
  if (!length) return MHD_YES;
  // libmicrohttpd has refused what is not a number.
  unsigned long long expected = strtoull(length, NULL, 10);
  exchange->expected = expected > SIZE_MAX ? SIZE_MAX : (size_t)expected;
  if (exchange->expected <= server->largest_body) return MHD_YES;
  // Many clients read no answer before they have sent everything, so that a body which is only somewhat too
  // large is read to its end.
  int waits =
    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
  if (waits || exchange->expected / 4 > server->largest_body) return refuse(exchange, HS_TOO_LARGE);
  exchange->refusal = HS_TOO_LARGE;
  return MHD_YES;
}

// Appends to the body. Memory grows with what has arrived, not with what was announced.
static void append(hs_exchange *exchange, const char *data, size_t count) {
  hs_server *server = exchange->server;
  if (exchange->refusal >= 0) return;
  if (count > server->largest_body - exchange->size) {
    exchange->refusal = HS_TOO_LARGE;
    hs_forget_body(exchange);
    return;
  }
  size_t needed = exchange->size + count;
  if (needed > exchange->capacity) {
    size_t capacity = exchange->capacity ? 2 * exchange->capacity : 65536;
    if (capacity < needed) capacity = needed;
    if (capacity > exchange->expected && needed <= exchange->expected) capacity = exchange->expected;
    size_t growth = capacity - exchange->capacity;
    pthread_mutex_lock(&server->lock);
    int fits = growth <= server->most_memory - server->memory;
    if (fits) server->memory += growth;
    pthread_mutex_unlock(&server->lock);
    uint8_t *body = fits ? realloc(exchange->body, capacity) : NULL;
    if (!body) {
      if (fits) {
        pthread_mutex_lock(&server->lock);
        server->memory -= growth;
        pthread_mutex_unlock(&server->lock);
      }
      exchange->refusal = HS_BUSY;
      hs_forget_body(exchange);
      return;
    }
    exchange->body = body;
    exchange->capacity = capacity;
  }
  memcpy(exchange->body + exchange->size, data, count);
  exchange->size += count;
}

typedef struct {
  char *bytes;
  size_t size;
} text_list;

static enum MHD_Result measure(
  void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
  (void)kind;
  text_list *list = context;
  list->size += strlen(name) + (value ? strlen(value) : 0) + 2;
  return MHD_YES;
}

static enum MHD_Result copy(
  void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
  (void)kind;
  text_list *list = context;
  size_t count = strlen(name) + 1;
  memcpy(list->bytes + list->size, name, count);
  list->size += count;
  count = value ? strlen(value) : 0;
  if (count) memcpy(list->bytes + list->size, value, count);
  list->bytes[list->size + count] = 0;
  list->size += count + 1;
  return MHD_YES;
}

static int copy_headers(hs_exchange *exchange) {
  text_list list = {NULL, 0};
  MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, measure, &list);
  list.bytes = malloc(list.size + 1);
  if (!list.bytes) return 0;
  list.size = 0;
  MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, copy, &list);
  exchange->headers = list.bytes;
  exchange->headers_size = list.size;
  return 1;
}

// The request is complete: it is put into its lane, and its connection waits.
static enum MHD_Result enqueue(hs_exchange *exchange) {
  hs_server *server = exchange->server;
  hs_lane *lane = &server->lanes[exchange->expected > 0 || !strcmp(exchange->method, "POST")];
  pthread_mutex_lock(&server->lock);
  int has_room = !server->is_stopping && lane->count < server->queue;
  if (has_room) lane->count += 1;
  pthread_mutex_unlock(&server->lock);
  if (!has_room || !copy_headers(exchange)) {
    if (has_room) {
      pthread_mutex_lock(&server->lock);
      lane->count -= 1;
      pthread_mutex_unlock(&server->lock);
    }
    return refuse(exchange, HS_BUSY);
  }
  enter(server, exchange->connection, HS_WORKING);
  MHD_suspend_connection(exchange->connection);
  pthread_mutex_lock(&server->lock);
  if (lane->last) lane->last->next = exchange;
  else lane->first = exchange;
  lane->last = exchange;
  pthread_cond_signal(&lane->arrived);
  pthread_mutex_unlock(&server->lock);
  return MHD_YES;
}

enum MHD_Result hs_on_request(
  void *context, struct MHD_Connection *connection, const char *url, const char *method,
  const char *version, const char *data, size_t *size, void **state) {
  (void)context;
  (void)url;
  (void)version;
  hs_exchange *exchange = *state;
  if (!exchange) return MHD_NO;
  if (!exchange->connection) return begin(exchange, connection, method);
  if (*size) {
    append(exchange, data, *size);
    *size = 0;
    return MHD_YES;
  }
  if (exchange->response) {
    enter(exchange->server, connection, HS_SENDING);
    enum MHD_Result result = MHD_queue_response(connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
  }
  if (exchange->is_done) return MHD_NO;
  return exchange->refusal >= 0 ? refuse(exchange, exchange->refusal) : enqueue(exchange);
}
#endif
