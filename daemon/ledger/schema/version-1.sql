-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Version 1 of sluice.db.
--
-- Instants are microseconds since 1970-01-01 UTC (suffix _us), money is in nano-dollars, 10^-9 USD (suffix _nano_usd),
-- sizes are bytes (suffix _bytes), truth values are 0 and 1. NULL stands for "not known" or "none"; an amount is never
-- NULL. Texts called JSON are checked by who writes them.

-- What is edited at run time

CREATE TABLE "setting" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- snake_case, as under sluice_settings: in config.yaml
  value TEXT NOT NULL,               -- JSON
  changed_us INTEGER NOT NULL        -- last change
) STRICT;

CREATE TABLE "deployment" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- deployment id: model_info.id or the hash made of the parameters
  group_name TEXT NOT NULL,          -- the model name it serves
  parameters TEXT NOT NULL,          -- JSON: litellm_params, without secrets
  information TEXT NOT NULL,         -- JSON: model_info
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;

CREATE INDEX deployment_group ON "deployment" (group_name);

CREATE TABLE "group" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- the model name that clients ask for
  settings TEXT NOT NULL,            -- JSON: strategy, fallbacks, retries; only what differs from the defaults
  changed_us INTEGER NOT NULL
) STRICT;

-- Who and what the rows speak of

-- A subject is never removed, because rows refer to it for ever.
CREATE TABLE "subject" (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,             -- 1 key, 2 user, 3 team, 4 member, 5 organization, 6 customer, 7 tag,
                                     -- 8 application, 9 deployment, 10 provider, 11 global, 12 group
  parent_id INTEGER REFERENCES "subject" (id), -- user or team of a key, organization of a team
  name TEXT NOT NULL,                -- unique for its kind and parent
  requested INTEGER NOT NULL DEFAULT 0 CHECK (requested IN (0, 1)), -- made by a request, counts for the monthly bound
  created_us INTEGER NOT NULL,
  deleted_us INTEGER,                -- NULL while it exists
  CHECK (kind BETWEEN 1 AND 12)
) STRICT;

CREATE UNIQUE INDEX subject_name ON "subject" (kind, name, coalesce (parent_id, 0));
CREATE INDEX subject_requested ON "subject" (created_us) WHERE requested = 1;

CREATE TABLE "key" (
  id INTEGER PRIMARY KEY,
  subject_id INTEGER NOT NULL UNIQUE REFERENCES "subject" (id),
  hash BLOB NOT NULL UNIQUE CHECK (length (hash) = 32), -- SHA-256 of the key, which itself is kept nowhere
  hint TEXT NOT NULL,                -- what is shown instead of the key: "sk-...AbCd"
  alias TEXT UNIQUE,
  models TEXT NOT NULL DEFAULT '[]', -- JSON: model names allowed; empty allows all
  limits TEXT NOT NULL DEFAULT '{}', -- JSON: rpm, tpm, parallel
  metadata TEXT NOT NULL DEFAULT '{}', -- JSON: the owner's own
  blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
  expires_us INTEGER,                -- NULL: never
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;

CREATE TABLE "application" (
  id INTEGER PRIMARY KEY,
  subject_id INTEGER NOT NULL UNIQUE REFERENCES "subject" (id),
  binding TEXT NOT NULL UNIQUE,      -- how it is recognised: application id or path of the program
  models TEXT NOT NULL DEFAULT '[]', -- JSON, as for a key
  limits TEXT NOT NULL DEFAULT '{}', -- JSON, as for a key
  blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;

-- Budgets

CREATE TABLE "budget" (
  id INTEGER PRIMARY KEY,
  subject_id INTEGER NOT NULL REFERENCES "subject" (id),
  scope TEXT NOT NULL DEFAULT '',    -- '' for all, else a model name
  limit_nano_usd INTEGER NOT NULL CHECK (limit_nano_usd >= 0),
  soft_nano_usd INTEGER CHECK (soft_nano_usd >= 0), -- warns only
  period TEXT NOT NULL,              -- rule: '' for ever, else such as "30d", "monthly"
  zone TEXT NOT NULL DEFAULT 'UTC',  -- IANA time zone in which periods begin
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  UNIQUE (subject_id, scope, period)
) STRICT;

CREATE TABLE "budget_spend" (
  id INTEGER PRIMARY KEY,
  budget_id INTEGER NOT NULL REFERENCES "budget" (id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,         -- begin of the period
  end_us INTEGER,                    -- its end, exclusive; NULL: never
  spent_nano_usd INTEGER NOT NULL DEFAULT 0 CHECK (spent_nano_usd >= 0),
  held_nano_usd INTEGER NOT NULL DEFAULT 0 CHECK (held_nano_usd >= 0), -- open reservations
  UNIQUE (budget_id, start_us)
) STRICT;

-- What happened

-- One for each client request.
CREATE TABLE "exchange" (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,   -- ours
  call_id TEXT,                      -- the client's
  account_id INTEGER NOT NULL REFERENCES "subject" (id), -- who asked
  customer_id INTEGER REFERENCES "subject" (id), -- the end user named in the request
  group_id INTEGER NOT NULL REFERENCES "subject" (id), -- the model asked for
  operation TEXT NOT NULL,           -- "chat", "completion" or "embedding"
  stream INTEGER NOT NULL CHECK (stream IN (0, 1)),
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999), -- HTTP; 499 the client left; 0 while open
  error TEXT,                        -- short machine word; "interrupted": the daemon ended in the middle
  received_us INTEGER NOT NULL,
  first_byte_us INTEGER,             -- first byte sent to the client
  finished_us INTEGER,               -- NULL while open
  request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
  response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0)
) STRICT;

CREATE INDEX exchange_received ON "exchange" (received_us);
CREATE INDEX exchange_open ON "exchange" (id) WHERE finished_us IS NULL;

-- One for each upstream call.
CREATE TABLE "attempt" (
  exchange_id INTEGER NOT NULL REFERENCES "exchange" (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0), -- counted from 0
  deployment_id INTEGER NOT NULL REFERENCES "subject" (id),
  provider_id INTEGER NOT NULL REFERENCES "subject" (id),
  model TEXT NOT NULL,               -- the upstream's name of it
  state INTEGER NOT NULL CHECK (state IN (0, 1, 2)), -- 0 open, 1 settled, 2 released: certainly not billed
  billable INTEGER NOT NULL CHECK (billable IN (0, 1)), -- not local: may cost money
  estimated INTEGER NOT NULL CHECK (estimated IN (0, 1)), -- the figures are ours, not the provider's
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999), -- upstream's HTTP status; 0 if none came
  resends INTEGER NOT NULL CHECK (resends >= 0), -- sent again on a fresh connection
  started_us INTEGER NOT NULL,
  first_byte_us INTEGER,
  finished_us INTEGER,               -- NULL while open
  prompt_tokens INTEGER NOT NULL CHECK (prompt_tokens >= 0), -- with the cached ones
  completion_tokens INTEGER NOT NULL CHECK (completion_tokens >= 0), -- with the reasoning ones
  cached_tokens INTEGER NOT NULL CHECK (cached_tokens >= 0), -- of the prompt, read from the provider's cache
  cache_write_tokens INTEGER NOT NULL CHECK (cache_write_tokens >= 0), -- of the prompt, written to it
  reasoning_tokens INTEGER NOT NULL CHECK (reasoning_tokens >= 0), -- of the completion
  audio_tokens INTEGER NOT NULL CHECK (audio_tokens >= 0), -- of both
  estimate_nano_usd INTEGER NOT NULL CHECK (estimate_nano_usd >= 0), -- what was reserved
  cost_nano_usd INTEGER NOT NULL CHECK (cost_nano_usd >= 0),
  price_source TEXT,                 -- "config", "catalogue"; NULL: no price known
  price_version TEXT,                -- of the catalogue
  error TEXT,                        -- short machine word, never an upstream's text
  PRIMARY KEY (exchange_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Tags stand beside the row, so that a request with three of them is one row in totals.
CREATE TABLE "exchange_tag" (
  exchange_id INTEGER NOT NULL REFERENCES "exchange" (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES "subject" (id),
  PRIMARY KEY (exchange_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX exchange_tag_tag ON "exchange_tag" (tag_id, exchange_id);

-- Totals of finished exchanges, kept for ever. An exchange counts where its last attempt does, with its own status; an
-- attempt counts with its own deployment and status. Ids are of subjects, 0 for none.
CREATE TABLE "sum" (
  start_us INTEGER NOT NULL CHECK (start_us % 900000000 = 0), -- quarter of an hour UTC in which it was received
  account_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  deployment_id INTEGER NOT NULL,
  provider_id INTEGER NOT NULL,
  status_class INTEGER NOT NULL CHECK (status_class BETWEEN 0 AND 9), -- HTTP status divided by 100; 0: none came
  exchanges INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  estimated INTEGER NOT NULL,        -- how many attempts have estimated figures
  prompt_tokens INTEGER NOT NULL,    -- tokens as in attempt
  completion_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  audio_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,      -- of the exchanges, from received to finished
  first_bytes INTEGER NOT NULL,      -- how many exchanges sent a first byte
  first_byte_wait_us INTEGER NOT NULL, -- of those, from received to first byte
  request_bytes INTEGER NOT NULL,    -- of the exchanges
  response_bytes INTEGER NOT NULL,
  PRIMARY KEY (start_us, account_id, customer_id, group_id, deployment_id, provider_id, status_class)
) STRICT, WITHOUT ROWID;

-- Management changes.
CREATE TABLE "audit" (
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,               -- who: "panel", "http", a bus name, a key's hint
  action TEXT NOT NULL,              -- such as "key-created"
  object TEXT NOT NULL,              -- what was changed, as kind and name
  detail TEXT NOT NULL DEFAULT '{}'  -- JSON: before and after, secrets masked
) STRICT;

CREATE INDEX audit_at ON "audit" (at_us);
