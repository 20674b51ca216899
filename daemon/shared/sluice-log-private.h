/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "shared/sluice-log.h"

G_BEGIN_DECLS

/* What G_LOG_DOMAIN of our rooms begins with. */
#define SLUICE_LOG_DOMAIN_PREFIX "sluice-"

/* The topic of @domain (nullable); SLUICE_N_LOG_TOPICS if it is none of ours. */
SluiceLogTopic sluice_log_topic_of_domain (const char *domain);

G_END_DECLS
