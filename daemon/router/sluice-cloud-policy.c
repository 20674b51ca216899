/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-cloud-policy.h"

#include "shared/sluice-error.h"

static const char *const words[] = {
  [SLUICE_CLOUD_OFF] = "off",
  [SLUICE_CLOUD_EXPLICIT] = "explicit",
  [SLUICE_CLOUD_FALLBACK] = "fallback",
};

const char *
sluice_cloud_policy_to_string (SluiceCloudPolicy policy)
{
  g_return_val_if_fail (policy < G_N_ELEMENTS (words), words[SLUICE_CLOUD_OFF]);

  return words[policy];
}

gboolean
sluice_cloud_policy_from_string (const char *text, SluiceCloudPolicy *policy)
{
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (words); i++)
    {
      if (!g_str_equal (words[i], text))
        continue;
      *policy = (SluiceCloudPolicy) i;
      return TRUE;
    }
  return FALSE;
}

gboolean
sluice_cloud_policy_allows (SluiceCloudPolicy policy,
                            const SluiceDeployment *deployment,
                            gboolean chosen,
                            GError **error)
{
  if (deployment->local && deployment->unlisted && policy == SLUICE_CLOUD_OFF)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_UNLISTED,
                   "the cloud is switched off, and the Ollama at %s has not said that it runs '%.200s' itself: its "
                   "list is read again, try in a moment, or set model_info.local",
                   deployment->api_base, deployment->model);
      return FALSE;
    }
  if (deployment->local || policy == SLUICE_CLOUD_FALLBACK || (policy == SLUICE_CLOUD_EXPLICIT && chosen))
    return TRUE;

  if (policy == SLUICE_CLOUD_OFF)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CLOUD_POLICY,
                 "'%.200s' is a cloud model and the cloud is switched off: set the cloud policy to 'explicit' or "
                 "'fallback' to use it", deployment->group);
  else
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CLOUD_POLICY,
                 "no local model answered for '%.200s', and the cloud is asked only when it is chosen: ask for a cloud "
                 "model by its name, or set the cloud policy to 'fallback'", deployment->group);
  return FALSE;
}
