/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-fault.h"

#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#include <string.h>

/* Bytes of a message; HTML pages of a CDN are cut there. */
#define MAX_MESSAGE 2000

/* Bytes of "code", "type" and "param": they are words, not texts. */
#define MAX_WORD 200

typedef struct {
  guint first; /* statuses of the upstream */
  guint last;
  guint status; /* for the client; 0: the upstream's own */
  const char *type;
  const char *code; /* (nullable): the upstream's own */
  gboolean retriable;
} StatusRule;

/* The first row that fits. The last one fits all. */
static const StatusRule status_rules[] = {
  { 401, 401, 401, "authentication_error", "invalid_api_key", TRUE },
  { 402, 402, 429, "insufficient_quota", "insufficient_quota", TRUE },
  { 403, 403, 403, "permission_error", NULL, TRUE },
  { 404, 404, 404, "invalid_request_error", NULL, TRUE },
  { 408, 408, 408, "timeout_error", NULL, TRUE },
  { 409, 409, 409, "invalid_request_error", NULL, TRUE },
  { 422, 422, 400, "invalid_request_error", NULL, FALSE },
  { 424, 424, 500, "server_error", NULL, TRUE },
  { 429, 429, 429, "rate_limit_error", "rate_limit_exceeded", TRUE },
  { 499, 499, 502, "server_error", NULL, TRUE },
  { 400, 498, 0, "invalid_request_error", NULL, FALSE },
  { 501, 501, 501, "not_implemented_error", NULL, TRUE },
  { 502, 502, 502, "server_error", NULL, TRUE },
  { 503, 503, 503, "service_unavailable_error", NULL, TRUE },
  { 504, 504, 504, "timeout_error", NULL, TRUE },
  /* those of Cloudflare: the origin is down, unreachable or too slow */
  { 520, 526, 503, "service_unavailable_error", NULL, TRUE },
  { 529, 529, 503, "service_unavailable_error", NULL, TRUE },
  { 500, 599, 0, "server_error", NULL, TRUE },
  { 0, G_MAXUINT, 502, "server_error", NULL, TRUE },
};

/* What the text says against what the status says. */
typedef enum {
  MEANS_CONTEXT,
  MEANS_POLICY,
  MEANS_KEY,
  MEANS_QUOTA,
  MEANS_MODEL,
  MEANS_RATE,
  MEANS_TIMEOUT,
  MEANS_OVERLOAD,
  N_MEANINGS,
} Meaning;

typedef struct {
  guint status;
  const char *type;
  const char *code; /* (nullable) */
  gboolean retriable;
  guint from[6]; /* statuses of the upstream where the text may change the meaning; 0 ends */
} MeaningRule;

static const MeaningRule meaning_rules[N_MEANINGS] = {
  [MEANS_CONTEXT] = { 400, "invalid_request_error", "context_length_exceeded", TRUE, { 400, 413, 422, 500 } },
  [MEANS_POLICY] = { 400, "invalid_request_error", "content_policy_violation", TRUE, { 400, 403, 422, 500 } },
  [MEANS_KEY] = { 401, "authentication_error", "invalid_api_key", TRUE, { 400, 403, 498, 500 } },
  [MEANS_QUOTA] = { 429, "insufficient_quota", "insufficient_quota", TRUE, { 400, 403, 429, 500 } },
  [MEANS_MODEL] = { 404, "invalid_request_error", "model_not_found", TRUE, { 400, 404, 422, 500 } },
  [MEANS_RATE] = { 429, "rate_limit_error", "rate_limit_exceeded", TRUE, { 400, 424, 500, 503 } },
  [MEANS_TIMEOUT] = { 504, "timeout_error", NULL, TRUE, { 500, 502, 503, 424 } },
  [MEANS_OVERLOAD] = { 503, "service_unavailable_error", NULL, TRUE, { 424, 500, 502, 529 } },
};

typedef struct {
  Meaning meaning;
  const char *text;   /* lower case; looked for in message, code and type */
  const char *second; /* (nullable): must follow somewhere behind @text */
} Phrase;

/* The first one that is found and whose meaning may replace the status. */
static const Phrase phrases[] = {
  { MEANS_CONTEXT, "context_length_exceeded" },
  { MEANS_CONTEXT, "exceed_context_size_error" },
  { MEANS_CONTEXT, "maximum context length" },
  { MEANS_CONTEXT, "prompt is too long" },
  { MEANS_CONTEXT, "prompt: length" },
  { MEANS_CONTEXT, "input is too long" },
  { MEANS_CONTEXT, "input length exceeds the context length" },
  { MEANS_CONTEXT, "too many tokens" },
  { MEANS_CONTEXT, "exceeds the available context size" },
  { MEANS_CONTEXT, "exceeds the maximum number of tokens" },
  { MEANS_CONTEXT, "inputs tokens + max_new_tokens must be" },
  { MEANS_CONTEXT, "request payload size exceeds" },
  { MEANS_POLICY, "content_filter" },
  { MEANS_POLICY, "content_policy_violation" },
  { MEANS_POLICY, "responsibleaipolicyviolation" },
  { MEANS_POLICY, "content filtering policy" },
  { MEANS_POLICY, "response was blocked" },
  { MEANS_POLICY, "violating our usage policy" },
  { MEANS_KEY, "api_key_invalid" },
  { MEANS_KEY, "invalid_api_key" },
  { MEANS_KEY, "invalid api token" },
  { MEANS_KEY, "authentication_error" },
  { MEANS_QUOTA, "insufficient_quota" },
  { MEANS_QUOTA, "exceeded your current quota" },
  { MEANS_QUOTA, "billing_error" },
  { MEANS_QUOTA, "insufficient balance" },
  { MEANS_QUOTA, "credit balance is too low" },
  { MEANS_MODEL, "model_not_found" },
  { MEANS_MODEL, "deploymentnotfound" },
  { MEANS_MODEL, "model", "not found" },
  { MEANS_MODEL, "model", "does not exist" },
  { MEANS_RATE, "rate_limit_exceeded" },
  { MEANS_RATE, "rate_limit_error" },
  { MEANS_RATE, "throttlingexception" },
  { MEANS_RATE, "resource_exhausted" },
  { MEANS_RATE, "quota exceeded" },
  { MEANS_RATE, "request was throttled" },
  { MEANS_TIMEOUT, "timed out" },
  { MEANS_OVERLOAD, "overloaded" },
  { MEANS_OVERLOAD, "unavailable_error" },
};

/* Where a message is when there is no "error". */
static const char *const message_names[] = { "message", "msg", "error_description" };

/* For an error without a status, in an answer that began well. */
static const struct {
  const char *type;
  guint status;
} type_statuses[] = {
  { "invalid_request_error", 400 },
  { "permission_error", 403 },
  { "not_found_error", 404 },
  { "timeout_error", 504 },
};

/* What a body says, as it says it. */
typedef struct {
  char *message; /* (owned) (nullable) */
  char *type;    /* (owned) (nullable) */
  char *code;    /* (owned) (nullable) */
  char *param;   /* (owned) (nullable) */
  guint status;  /* 0 if it names none */
} Report;

static void
report_clear (Report *report)
{
  g_free (report->message);
  g_free (report->type);
  g_free (report->code);
  g_free (report->param);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Report, report_clear)

/* At most @max bytes of @text, valid UTF-8, never half a character. */
static char *
dup_cut (const char *text, gsize length, gsize max)
{
  g_autofree char *valid = NULL;
  gsize end;

  /* some more than needed, so that a character at the border is whole before it is judged */
  valid = g_utf8_make_valid (text, (gssize) MIN (length, max + 4));
  end = strlen (valid);
  if (end > max)
    end = (gsize) (g_utf8_find_prev_char (valid, valid + max + 1) - valid);
  return g_strndup (valid, end);
}

static const StatusRule *
find_status_rule (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (status_rules); i++)
    if (status >= status_rules[i].first && status <= status_rules[i].last)
      return &status_rules[i];
  g_assert_not_reached ();
}

SluiceFault *
sluice_fault_new (guint status, const char *type, const char *message)
{
  guint shown = status >= 400 && status <= 599 ? status : 500;
  const StatusRule *rule = find_status_rule (shown);
  SluiceFault *self = g_new0 (SluiceFault, 1);
  const char *text = message != NULL ? message : "";

  self->status = shown;
  self->type = g_strdup (type != NULL ? type : rule->type);
  self->message = dup_cut (text, strlen (text), MAX_MESSAGE);
  self->retriable = rule->retriable;
  self->billed = shown >= 500;
  return self;
}

/* After these the request may have been with the upstream; any other of our errors came before. */
static gboolean
may_have_cost (const GError *error)
{
  return error == NULL || error->domain != SLUICE_ERROR || error->code == SLUICE_ERROR_FAILED
         || error->code == SLUICE_ERROR_UPSTREAM_ANSWER || error->code == SLUICE_ERROR_UPSTREAM_TIMEOUT;
}

SluiceFault *
sluice_fault_new_from_error (const GError *error)
{
  const SluiceErrorFace *face = sluice_error_face (error);
  SluiceFault *self = sluice_fault_new (face->status, face->type, error != NULL ? error->message : NULL);

  self->code = g_strdup (face->code);
  self->param = g_strdup (face->param);
  self->retriable = face->retry;
  self->billed = may_have_cost (error);
  return self;
}

void
sluice_fault_free (SluiceFault *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->code);
  g_free (self->param);
  g_free (self->message);
  g_free (self);
}

/* A word of an error body; LiteLLM and others write "None" for nothing. */
static char *
dup_word (SluiceJsonValue value)
{
  g_autofree char *word = sluice_json_dup_string (value);

  if (word == NULL || *word == '\0' || g_str_equal (word, "None") || g_str_equal (word, "null"))
    return NULL;

  return dup_cut (word, strlen (word), MAX_WORD);
}

/* Strings as they are, objects and arrays as JSON, anything else is no text. */
static char *
dup_text (SluiceJsonValue value)
{
  g_autofree char *text = sluice_json_dup_string (value);

  if (text != NULL && *text != '\0')
    return g_steal_pointer (&text);
  if (value.type == SLUICE_JSON_OBJECT || value.type == SLUICE_JSON_ARRAY)
    return g_strndup (value.text, value.length);

  return NULL;
}

/* An HTTP status in disguise tells the status and is no code worth keeping: {"code":404}, {"code":"404"}. */
static void
read_code (Report *report, SluiceJsonValue value)
{
  g_autofree char *word = dup_word (value);
  guint64 number;

  if (word == NULL && value.type == SLUICE_JSON_NUMBER)
    word = g_strndup (value.text, MIN (value.length, MAX_WORD));
  if (word == NULL)
    return;

  if (!g_ascii_string_to_unsigned (word, 10, 0, 999, &number, NULL))
    {
      g_free (report->code);
      report->code = g_steal_pointer (&word);
    }
  else if (number >= 400 && number <= 599)
    report->status = (guint) number;
}

static void
read_words (Report *report, SluiceJsonValue object)
{
  gint64 status;

  if (report->type == NULL)
    report->type = dup_word (sluice_json_get (object, "type"));
  if (report->param == NULL)
    report->param = dup_word (sluice_json_get (object, "param"));
  read_code (report, sluice_json_get (object, "code"));
  if (sluice_json_read_int64 (sluice_json_get (object, "http_status_code"), &status) && status >= 400 && status <= 599)
    report->status = (guint) status;
}

/* FastAPI: [{"loc":["body","messages"],"msg":"field required","type":"missing"}] */
static char *
dup_detail (SluiceJsonValue detail)
{
  g_autoptr (GString) text = NULL;
  SluiceJsonIter iter;
  SluiceJsonValue item;

  if (detail.type == SLUICE_JSON_OBJECT)
    {
      char *inner = dup_text (sluice_json_get (detail, "error"));

      return inner != NULL ? inner : dup_text (detail);
    }
  if (detail.type != SLUICE_JSON_ARRAY)
    return dup_text (detail);

  text = g_string_new (NULL);
  sluice_json_iter_init (&iter, detail);
  while (sluice_json_iter_next (&iter, NULL, &item) && text->len < MAX_MESSAGE)
    {
      SluiceJsonValue place = sluice_json_get (item, "loc");
      g_autofree char *message = dup_text (sluice_json_get (item, "msg"));

      if (text->len > 0)
        g_string_append (text, "; ");
      sluice_json_append_value (text, message != NULL ? place : item);
      if (message != NULL)
        g_string_append_printf (text, "%s%s", place.type != SLUICE_JSON_NONE ? ": " : "", message);
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

/* OpenRouter says "Provider returned error" and puts the provider's words beside. */
static void
add_metadata (Report *report, SluiceJsonValue metadata)
{
  g_autofree char *raw = sluice_json_dup_string (sluice_json_get (metadata, "raw"));
  g_autofree char *joined = NULL;

  if (raw == NULL || *raw == '\0' || report->message == NULL)
    return;

  joined = g_strdup_printf ("%s: %s", report->message, raw);
  g_free (report->message);
  report->message = g_steal_pointer (&joined);
}

static void
read_error_object (Report *report, SluiceJsonValue error)
{
  report->message = dup_text (sluice_json_get (error, "message"));
  if (report->message == NULL)
    report->message = dup_text (error);
  read_words (report, error);
  /* Azure: the filter's word is in the inner error only */
  if (report->code == NULL)
    read_code (report, sluice_json_get (sluice_json_get (error, "innererror"), "code"));
  add_metadata (report, sluice_json_get (error, "metadata"));
}

static void
read_report (Report *report, SluiceJsonValue root)
{
  SluiceJsonValue error = sluice_json_get (root, "error");

  if (error.type == SLUICE_JSON_OBJECT)
    read_error_object (report, error);
  else
    report->message = dup_text (error);

  for (guint i = 0; i < G_N_ELEMENTS (message_names) && report->message == NULL; i++)
    report->message = dup_text (sluice_json_get (root, message_names[i]));
  if (report->message == NULL)
    report->message = dup_detail (sluice_json_get (root, "detail"));
  if (report->message == NULL)
    report->message = dup_text (sluice_json_get (root, "errors"));

  if (error.type == SLUICE_JSON_OBJECT)
    return;
  read_words (report, root);
  if (report->type == NULL)
    report->type = dup_word (sluice_json_get (root, "error_type"));
}

/* Google's OpenAI-like endpoint wraps the object in an array. */
static SluiceJsonValue
unwrap (SluiceJsonValue root)
{
  SluiceJsonIter iter;
  SluiceJsonValue first;

  sluice_json_iter_init (&iter, root);
  if (root.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &first))
    return first;

  return root;
}

static void
read_body (Report *report, guint status, const char *body, gsize length)
{
  SluiceJsonValue root;

  if (length > 0 && sluice_json_check (body, length, SLUICE_JSON_SKIM_NUMBERS, &root, NULL))
    read_report (report, unwrap (root));
  if (report->message == NULL && length > 0)
    {
      report->message = dup_cut (body, length, MAX_MESSAGE);
      g_strstrip (report->message);
    }
  else if (report->message != NULL)
    {
      g_autofree char *whole = g_steal_pointer (&report->message);

      report->message = dup_cut (whole, strlen (whole), MAX_MESSAGE);
    }
  if (report->message == NULL || *report->message == '\0')
    {
      g_free (report->message);
      report->message = g_strdup_printf ("the upstream answered with status %u and no text", status);
    }
}

static gboolean
has_phrase (const char *text, const Phrase *phrase)
{
  const char *found = strstr (text, phrase->text);

  if (found == NULL || phrase->second == NULL)
    return found != NULL;

  return strstr (found + strlen (phrase->text), phrase->second) != NULL;
}

static gboolean
may_replace (const MeaningRule *rule, guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (rule->from) && rule->from[i] != 0; i++)
    if (rule->from[i] == status)
      return TRUE;
  return FALSE;
}

static const MeaningRule *
find_meaning (const Report *report, guint status)
{
  g_autofree char *words = g_strconcat (report->code != NULL ? report->code : "", "\n",
                                        report->type != NULL ? report->type : "", "\n", report->message, NULL);
  g_autofree char *text = g_ascii_strdown (words, -1);

  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
    if (may_replace (&meaning_rules[phrases[i].meaning], status) && has_phrase (text, &phrases[i]))
      return &meaning_rules[phrases[i].meaning];
  return NULL;
}

static guint
guess_status (const Report *report)
{
  if (report->status != 0)
    return report->status;

  for (guint i = 0; i < G_N_ELEMENTS (type_statuses); i++)
    if (g_strcmp0 (report->type, type_statuses[i].type) == 0)
      return type_statuses[i].status;
  return 500;
}

SluiceFault *
sluice_fault_new_from_answer (guint status, const char *body, gsize length)
{
  g_auto (Report) report = { NULL };
  const MeaningRule *meaning;
  const StatusRule *rule;
  SluiceFault *self;
  guint said;

  g_return_val_if_fail (body != NULL || length == 0, sluice_fault_new (status, NULL, NULL));

  read_body (&report, status, body, length);
  said = status < 300 ? guess_status (&report) : status;
  meaning = find_meaning (&report, said);
  rule = find_status_rule (said);
  self = g_new0 (SluiceFault, 1);
  self->status = meaning != NULL ? meaning->status : rule->status != 0 ? rule->status : said;
  self->type = g_strdup (meaning != NULL ? meaning->type : rule->type);
  self->code = g_strdup (meaning != NULL ? meaning->code : rule->code);
  if (self->code == NULL)
    self->code = g_steal_pointer (&report.code);
  self->param = g_steal_pointer (&report.param);
  self->message = g_steal_pointer (&report.message);
  self->retriable = meaning != NULL ? meaning->retriable : rule->retriable;
  self->billed = status < 300 || status >= 500;
  return self;
}

static void
append_member (GString *into, const char *name, const char *value)
{
  g_string_append_printf (into, ",\"%s\":", name);
  if (value != NULL)
    sluice_json_append_string (into, value, -1);
  else
    g_string_append (into, "null");
}

void
sluice_fault_append_json (const SluiceFault *self, GString *into)
{
  char status[16];

  g_return_if_fail (self != NULL);
  g_return_if_fail (into != NULL);

  g_snprintf (status, sizeof status, "%u", self->status);
  g_string_append (into, "{\"error\":{\"message\":");
  sluice_json_append_string (into, self->message, -1);
  append_member (into, "type", self->type);
  append_member (into, "param", self->param);
  append_member (into, "code", self->code != NULL ? self->code : status);
  g_string_append (into, "}}");
}
