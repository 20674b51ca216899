/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-peer.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct _SluicePeerFinder {
  int netlink; /* -1: not to be had */
};

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_storage storage;
} Address;

SluicePeerFinder *
sluice_peer_finder_new (void)
{
  SluicePeerFinder *self = g_new0 (SluicePeerFinder, 1);

  self->netlink = socket (AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  return self;
}

void
sluice_peer_finder_free (SluicePeerFinder *self)
{
  if (self->netlink >= 0)
    close (self->netlink);
  g_free (self);
}

static gboolean
is_loopback (const Address *address)
{
  if (address->any.sa_family == AF_INET)
    return (ntohl (address->v4.sin_addr.s_addr) >> 24) == 127;
  return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK (&address->v6.sin6_addr);
}

static void
fill_id (struct inet_diag_sockid *id, const Address *client, const Address *server)
{
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (client->any.sa_family == AF_INET)
    {
      id->idiag_sport = client->v4.sin_port;
      id->idiag_dport = server->v4.sin_port;
      memcpy (id->idiag_src, &client->v4.sin_addr, sizeof client->v4.sin_addr);
      memcpy (id->idiag_dst, &server->v4.sin_addr, sizeof server->v4.sin_addr);
      return;
    }
  id->idiag_sport = client->v6.sin6_port;
  id->idiag_dport = server->v6.sin6_port;
  memcpy (id->idiag_src, &client->v6.sin6_addr, sizeof client->v6.sin6_addr);
  memcpy (id->idiag_dst, &server->v6.sin6_addr, sizeof server->v6.sin6_addr);
}

/* The owner of the socket that has the address @client, and @server at its other end. A socket without an inode belongs
 * to nobody any more: its uid says 0 and means nothing. */
static gboolean
ask_owner (SluicePeerFinder *self, const Address *client, const Address *server, uid_t *uid)
{
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } question = { 0 };
  union {
    struct nlmsghdr header;
    char bytes[1024];
  } answer;
  const struct inet_diag_msg *found;
  gssize count;

  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = (guint8) client->any.sa_family;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = G_MAXUINT32;
  fill_id (&question.request.id, client, server);

  if (send (self->netlink, &question, sizeof question, MSG_DONTWAIT) != sizeof question)
    return FALSE;
  count = recv (self->netlink, &answer, sizeof answer, MSG_DONTWAIT);
  if (count < (gssize) NLMSG_LENGTH (sizeof *found) || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return FALSE;

  found = NLMSG_DATA (&answer.header);
  if (found->idiag_inode == 0)
    return FALSE;
  *uid = found->idiag_uid;
  return TRUE;
}

static gboolean
read_addresses (int fd, Address *theirs, Address *ours)
{
  socklen_t their_length = sizeof *theirs, our_length = sizeof *ours;

  return getpeername (fd, &theirs->any, &their_length) == 0 && getsockname (fd, &ours->any, &our_length) == 0;
}

SluicePeer
sluice_peer_finder_find_listener (SluicePeerFinder *self, int fd)
{
  SluicePeer peer = { FALSE, FALSE, 0 };
  Address server, client;
  /* what listens has nobody at its other end */
  Address nobody = { 0 };

  if (!read_addresses (fd, &server, &client))
    return peer;

  nobody.any.sa_family = server.any.sa_family;
  peer.loopback = is_loopback (&client) && is_loopback (&server);
  if (peer.loopback && self->netlink >= 0)
    peer.uid_known = ask_owner (self, &server, &nobody, &peer.uid);
  return peer;
}

SluicePeer
sluice_peer_finder_find (SluicePeerFinder *self, int fd)
{
  SluicePeer peer = { FALSE, FALSE, 0 };
  Address client, server;

  if (!read_addresses (fd, &client, &server))
    return peer;

  if (server.any.sa_family == AF_UNIX)
    {
      struct ucred credentials;
      socklen_t length = sizeof credentials;

      peer.loopback = TRUE;
      peer.uid_known = getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0;
      peer.uid = peer.uid_known ? credentials.uid : 0;
      return peer;
    }

  peer.loopback = is_loopback (&client) && is_loopback (&server);
  if (peer.loopback && self->netlink >= 0)
    peer.uid_known = ask_owner (self, &client, &server, &peer.uid);
  return peer;
}
