-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- A database of version 2 with three finished requests and one that was interrupted, as text.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1397506885;
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO "attempt" VALUES(1,0,3,4,'llama3.2:3b',1,0,0,200,0,1768480496001000,1768480496002000,1768480496003000,100,20,0,0,0,0,0,0,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(2,0,6,7,'llama3.2:3b',1,1,0,200,0,1768480496001000,1768480496002000,1768480496003000,100,20,0,0,0,0,5000,3000,'config',NULL,NULL);
INSERT INTO "attempt" VALUES(3,0,3,4,'llama3.2:3b',1,0,0,200,0,1768480496001000,1768480496002000,1768480496003000,100,20,0,0,0,0,0,0,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(4,0,6,7,'llama3.2:3b',0,1,0,0,0,1768480496001000,NULL,NULL,0,0,0,0,0,0,5000,0,'config',NULL,NULL);
CREATE TABLE "audit" (
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,               -- who: "panel", "http", a bus name, a key's hint
  action TEXT NOT NULL,              -- such as "key-created"
  object TEXT NOT NULL,              -- what was changed, as kind and name
  detail TEXT NOT NULL DEFAULT '{}'  -- JSON: before and after, secrets masked
) STRICT;
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
CREATE TABLE "exchange" (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,   -- ours
  call_id TEXT,                      -- the client's
  account_id INTEGER NOT NULL REFERENCES "subject" (id), -- who asked
  customer_id INTEGER REFERENCES "subject" (id), -- the end user named in the request
  group_id INTEGER NOT NULL REFERENCES "subject" (id), -- the model asked for
  operation TEXT NOT NULL,           -- such as "chat-completions"
  stream INTEGER NOT NULL CHECK (stream IN (0, 1)),
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999), -- HTTP; 499 the client left; 0 while open
  error TEXT,                        -- short machine word; "interrupted": the daemon ended in the middle
  received_us INTEGER NOT NULL,
  first_byte_us INTEGER,             -- first byte sent to the client
  finished_us INTEGER,               -- NULL while open
  request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
  response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0)
) STRICT;
INSERT INTO "exchange" VALUES(1,'019bc1a6-d980-7000-8000-000000000001',NULL,1,NULL,2,'chat-completions',1,200,NULL,1768480496000000,1768480496002500,1768480496003500,1000,2000);
INSERT INTO "exchange" VALUES(2,'019bc1a6-d980-7000-8000-000000000002',NULL,1,5,2,'chat-completions',1,200,NULL,1768480496000000,1768480496002500,1768480496003500,1000,2000);
INSERT INTO "exchange" VALUES(3,'019bc1a6-d980-7000-8000-000000000003',NULL,1,NULL,2,'chat-completions',1,200,NULL,1768480496000000,1768480496002500,1768480496003500,1000,2000);
INSERT INTO "exchange" VALUES(4,'019bc1a6-d980-7000-8000-000000000004',NULL,1,NULL,2,'chat-completions',1,0,NULL,1768480496000000,NULL,NULL,1000,0);
CREATE TABLE "exchange_tag" (
  exchange_id INTEGER NOT NULL REFERENCES "exchange" (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES "subject" (id),
  PRIMARY KEY (exchange_id, tag_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "exchange_tag" VALUES(2,8);
INSERT INTO "exchange_tag" VALUES(2,9);
CREATE TABLE "group" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- the model name that clients ask for
  settings TEXT NOT NULL,            -- JSON: strategy, fallbacks, retries; only what differs from the defaults
  changed_us INTEGER NOT NULL
) STRICT;
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
CREATE TABLE "recovery" (
  id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
  open_from INTEGER NOT NULL         -- no exchange with a smaller id is open
) STRICT;
INSERT INTO "recovery" VALUES(1,4);
CREATE TABLE "setting" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- snake_case, as under sluice_settings: in config.yaml
  value TEXT NOT NULL,               -- JSON
  changed_us INTEGER NOT NULL        -- last change
) STRICT;
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
INSERT INTO "subject" VALUES(1,8,NULL,'this-computer',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(2,12,NULL,'llama',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(3,9,NULL,'0123456789abcdef',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(4,10,NULL,'ollama',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(5,6,NULL,'customer-1',1,1768480496000000,NULL);
INSERT INTO "subject" VALUES(6,9,NULL,'cloud-1',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(7,10,NULL,'openai',0,1768480496000000,NULL);
INSERT INTO "subject" VALUES(8,7,NULL,'blue',1,1768480496000000,NULL);
INSERT INTO "subject" VALUES(9,7,NULL,'green',1,1768480496000000,NULL);
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
INSERT INTO "sum" VALUES(1768480200000000,1,0,2,3,4,2,2,2,0,200,40,0,0,0,0,0,7000,2,5000,2000,4000);
INSERT INTO "sum" VALUES(1768480200000000,1,5,2,6,7,2,1,1,0,100,20,0,0,0,0,3000,3500,1,2500,1000,2000);
CREATE INDEX deployment_group ON "deployment" (group_name);
CREATE UNIQUE INDEX subject_name ON "subject" (kind, name, coalesce (parent_id, 0));
CREATE INDEX subject_requested ON "subject" (created_us) WHERE requested = 1;
CREATE INDEX exchange_tag_tag ON "exchange_tag" (tag_id, exchange_id);
CREATE INDEX audit_at ON "audit" (at_us);
COMMIT;
