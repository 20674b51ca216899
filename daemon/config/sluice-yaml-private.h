/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/sluice-yaml.h"

#include <yaml.h>

G_BEGIN_DECLS

struct _SluiceYaml {
  GPtrArray *nodes; /* (element-type SluiceYamlNode): owns all */
  SluiceYamlNode *root;
};

/* Finds what libyaml would stumble over or take long for: size, bytes that are not text, a flood of directives. @text
 * is moved past a byte order mark. */
gboolean sluice_yaml_check_text (const char **text, gsize *length, SluiceFindingSink *sink);

/* Fills @self from checked text. */
gboolean sluice_yaml_compose (SluiceYaml *self, const char *text, gsize length, SluiceFindingSink *sink);

/* What to change about the line where @parser stopped, from how the lines around it are indented; %NULL if that tells
 * nothing. Free with g_free(). */
char *sluice_yaml_advise (const yaml_parser_t *parser, const char *text, gsize length);

/* Says the mistake that stopped @parser below @path (nullable), in words that say what to change. */
void sluice_yaml_report (const yaml_parser_t *parser,
                         const char *text,
                         gsize length,
                         const char *path,
                         SluiceFindingSink *sink);

G_END_DECLS
