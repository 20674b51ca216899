-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Version 2 of sluice.db: two indexes less. Each of them was a page more in the commits of every exchange.
--
-- request_id is a UUID of version 7, which begins with the instant of receipt: its own index is the index of time.

DROP INDEX exchange_received;

-- What is open is looked for from a bound on.
CREATE TABLE "recovery" (
  id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
  open_from INTEGER NOT NULL         -- no exchange with a smaller id is open
) STRICT;

INSERT INTO "recovery" (id, open_from)
  SELECT 1, coalesce ((SELECT min(id) FROM "exchange" WHERE finished_us IS NULL),
                      (SELECT max(id) + 1 FROM "exchange"), 0);

DROP INDEX exchange_open;
