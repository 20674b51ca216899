/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-stage.h"

#define TO(stage) (1u << SLUICE_STAGE_##stage)

static const guint allowed[] = {
  /* ANSWERED: refused, or the client left */
  [SLUICE_STAGE_READING] = TO (PLANNING) | TO (ANSWERED),
  /* ANSWERED: what has no row, such as a list or a request that makes no sense */
  [SLUICE_STAGE_PLANNING] = TO (ATTEMPTING) | TO (ANSWERED),
  /* ANSWERED: the ledger takes no row, or the client left before the reservation was there, and its call settles */
  [SLUICE_STAGE_ATTEMPTING] = TO (RELAYING) | TO (SETTLING) | TO (ANSWERED),
  [SLUICE_STAGE_RELAYING] = TO (SETTLING),
  [SLUICE_STAGE_SETTLING] = TO (ANSWERED),
  [SLUICE_STAGE_ANSWERED] = TO (RELEASED),
  [SLUICE_STAGE_RELEASED] = 0,
};

G_STATIC_ASSERT (G_N_ELEMENTS (allowed) == SLUICE_N_STAGES);

gboolean
sluice_stage_allows (SluiceStage from, SluiceStage to)
{
  g_return_val_if_fail (from < SLUICE_N_STAGES && to < SLUICE_N_STAGES, FALSE);

  return (allowed[from] & (1u << to)) != 0;
}
