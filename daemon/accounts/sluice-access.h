/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may ask (DESIGN 7, "Who may ask"; http-surface.md 1.1 to 1.3). Pure: what the request presents goes in, an
 * identity or an error comes out. Immutable after construction; any thread.
 */
#pragma once

#include "config/sluice-config.h"

G_BEGIN_DECLS

/* What one request presents. Strings are borrowed. */
typedef struct {
  const char *litellm_key; /* (nullable): x-litellm-api-key, decides when present */
  const char *keys[5];     /* (nullable): what the other key headers hold, schemes stripped; %NULL for absent ones */
  gboolean same_user;      /* the peer is a process of the user who runs us */
  gboolean relayed;        /* has Origin, Forwarded, X-Forwarded-*, X-Real-IP or Via */
  gboolean loopback;       /* came over loopback or the Unix socket */
} SluicePresented;

typedef struct {
  const char *account; /* static: "master" or "this-computer" */
  gboolean admin;
  gboolean local_only; /* may use models that run here, and no others */
} SluiceIdentity;

typedef struct _SluiceAccess SluiceAccess;

SluiceAccess *sluice_access_new (SluiceConfig *config);
void sluice_access_free (SluiceAccess *self);

/* Errors: SLUICE_ERROR_KEY_MISSING, _KEY_UNKNOWN, _KEY_CONFLICT; the texts never hold a key. */
gboolean sluice_access_check (SluiceAccess *self,
                              const SluicePresented *presented,
                              SluiceIdentity *identity,
                              GError **error);

/* Compares without telling by its duration where the strings differ. */
gboolean sluice_secret_equals (const char *a, const char *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceAccess, sluice_access_free)

G_END_DECLS
