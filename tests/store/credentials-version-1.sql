-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- A credentials.db of version 1 with two keys of providers and one of a deployment, as text.
PRAGMA application_id = 1397506898;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE credential (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('provider', 'deployment')),
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  UNIQUE (kind, name, host)
) STRICT;
INSERT INTO credential VALUES (1, 'provider', 'openai', 'https://api.openai.com', 'sk-test-one', 1768480496000000,
                               1768480496000000);
INSERT INTO credential VALUES (2, 'provider', 'openai', 'http://127.0.0.1:8080', 'sk-test-two', 1768480496000000,
                               1768480497000000);
INSERT INTO credential VALUES (3, 'deployment', '0123456789abcdef', 'https://api.groq.com', 'sk-test-three',
                               1768480498000000, 1768480498000000);
COMMIT;
