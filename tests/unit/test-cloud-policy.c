/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-cloud-policy.h"

#include "shared/sluice-error.h"

static void
test_words (void)
{
  static const char *const words[] = { "off", "explicit", "fallback" };
  SluiceCloudPolicy policy;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_assert_true (sluice_cloud_policy_from_string (words[i], &policy));
      g_assert_cmpint (policy, ==, i);
      g_assert_cmpstr (sluice_cloud_policy_to_string (policy), ==, words[i]);
    }
  g_assert_false (sluice_cloud_policy_from_string ("Off", &policy));
  g_assert_false (sluice_cloud_policy_from_string ("", &policy));
  g_assert_false (sluice_cloud_policy_from_string (NULL, &policy));
}

typedef struct {
  SluiceCloudPolicy policy;
  gboolean local;
  gboolean chosen;
  gboolean allowed;
} Case;

/* The table of DESIGN 7. */
static void
test_rule (void)
{
  static const Case cases[] = {
    { SLUICE_CLOUD_OFF, TRUE, FALSE, TRUE },       { SLUICE_CLOUD_OFF, FALSE, FALSE, FALSE },
    { SLUICE_CLOUD_OFF, FALSE, TRUE, FALSE },      { SLUICE_CLOUD_EXPLICIT, TRUE, FALSE, TRUE },
    { SLUICE_CLOUD_EXPLICIT, FALSE, FALSE, FALSE }, { SLUICE_CLOUD_EXPLICIT, FALSE, TRUE, TRUE },
    { SLUICE_CLOUD_FALLBACK, TRUE, FALSE, TRUE },  { SLUICE_CLOUD_FALLBACK, FALSE, FALSE, TRUE },
    { SLUICE_CLOUD_FALLBACK, FALSE, TRUE, TRUE },
  };
  g_autoptr (SluiceDeployment) deployment
      = sluice_deployment_new_found ("chat", sluice_provider_find ("ollama"), "m", "http://127.0.0.1:1");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      deployment->local = cases[i].local;
      g_assert_cmpint (sluice_cloud_policy_allows (cases[i].policy, deployment, cases[i].chosen, &error), ==,
                       cases[i].allowed);
      if (cases[i].allowed)
        g_assert_no_error (error);
      else
        g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CLOUD_POLICY);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/cloud-policy/words", test_words);
  g_test_add_func ("/cloud-policy/rule", test_rule);
  return g_test_run ();
}
