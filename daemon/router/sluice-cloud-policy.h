/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a deployment that may cost money may be asked (DESIGN 7, Cloud). The rule stands here and nowhere else; it is
 * asked for each candidate right before anything is reserved or sent. Any thread.
 */
#pragma once

#include "router/sluice-deployment.h"

G_BEGIN_DECLS

typedef enum {
  SLUICE_CLOUD_OFF,      /* never, and nothing cloud is contacted at all */
  SLUICE_CLOUD_EXPLICIT, /* only if the client chose it: the group has no local member, or the deployment was named */
  SLUICE_CLOUD_FALLBACK, /* as the configuration says */
} SluiceCloudPolicy;

/* "off", "explicit", "fallback": as in the settings, in the database and on the bus. */
const char *sluice_cloud_policy_to_string (SluiceCloudPolicy policy);

/* Returns whether @text is one; @policy (out). */
gboolean sluice_cloud_policy_from_string (const char *text, SluiceCloudPolicy *policy);

/*
 * Whether @deployment may be asked now. @chosen: the client chose the cloud by what it asked for: a
 * deployment by id or upstream model, or a group that has no local member. Errors: SLUICE_ERROR_CLOUD_POLICY, the text
 * says how to change the policy.
 */
gboolean sluice_cloud_policy_allows (SluiceCloudPolicy policy,
                                     const SluiceDeployment *deployment,
                                     gboolean chosen,
                                     GError **error);

G_END_DECLS
