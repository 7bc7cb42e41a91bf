// What the files of the server share.
#pragma once

#include "CHTTPServer.h"

#include <microhttpd.h>
#include <pthread.h>

// What a connection is doing.
typedef enum {
  HS_HEAD,     // idle, or receiving the head of a request
  HS_BODY,     // receiving a body
  HS_WORKING,  // suspended: the request waits or is being answered
  HS_SENDING   // receiving the answer
} hs_phase;

typedef struct hs_peer {
  int socket;
  hs_phase phase;
  int64_t since;  // milliseconds
  int is_cut;
  struct hs_peer *next, *previous;
} hs_peer;

typedef struct {
  hs_exchange *first, *last;
  uint32_t count;
  pthread_cond_t arrived;
} hs_lane;

struct hs_server {
  struct MHD_Daemon *daemon;
  uint16_t port;
  uint32_t connections, queue;
  int64_t milliseconds;
  size_t largest_body, most_memory;
  char *refusals[HS_REFUSAL_COUNT];
  char *refusal_headers;
  size_t refusal_headers_size;
  pthread_t watchman;

  pthread_mutex_t lock;  // of all below
  hs_lane lanes[2];
  hs_peer *peers;
  uint32_t peer_count;
  size_t memory;     // of bodies
  uint32_t running;  // taken and not answered
  int is_stopping, watchman_may_leave;
  uint64_t refused[HS_REFUSAL_COUNT];
};

struct hs_exchange {
  hs_server *server;
  struct MHD_Connection *connection;
  char *target;
  char method[16];
  char *headers;
  size_t headers_size;
  uint8_t *body;
  size_t size, capacity, expected;
  int refusal;  // -1: none
  int is_done;
  uint32_t status;
  struct MHD_Response *response;
  hs_exchange *next;
};

int64_t hs_now(void);
unsigned hs_status(int refusal);
struct MHD_Response *hs_response(
  const char *headers, size_t headers_size, const void *body, size_t body_size);

// libmicrohttpd's callbacks.
void *hs_on_target(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result hs_on_request(
  void *context, struct MHD_Connection *connection, const char *url, const char *method,
  const char *version, const char *data, size_t *size, void **state);
void hs_on_end(
  void *context, struct MHD_Connection *connection, void **state,
  enum MHD_RequestTerminationCode code);
void hs_on_connection(
  void *context, struct MHD_Connection *connection, void **state,
  enum MHD_ConnectionNotificationCode code);

// The thread that ends connections which are too slow.
void *hs_watch(void *server);
