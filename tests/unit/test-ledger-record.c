/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-record.h"

#include "test-ledger-support.h"

static void
test_copy (void)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (3, TRUE);
  g_autoptr (SluiceExchangeRecord) copy = NULL;
  SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, 0);
  SluiceAttemptRecord *attempt_copy;

  record->call_id = g_strdup ("call");
  record->customer = g_strdup ("customer");
  record->error = g_strdup ("error");
  record->tags = g_strsplit ("one two", " ", 0);
  attempt->error = g_strdup ("refused");
  attempt->price_version = g_strdup ("1");
  copy = sluice_exchange_record_copy (record);
  attempt_copy = g_ptr_array_index (copy->attempts, 0);

  /* none of it is shared */
  memset (record->account, 'x', strlen (record->account));
  memset (record->tags[1], 'x', 3);
  memset (attempt->deployment, 'x', strlen (attempt->deployment));
  g_ptr_array_set_size (record->attempts, 0);

  g_assert_cmpint (copy->id, ==, 3);
  g_assert_cmpstr (copy->request_id, ==, record->request_id);
  g_assert_cmpstr (copy->call_id, ==, "call");
  g_assert_cmpstr (copy->account, ==, "this-computer");
  g_assert_cmpstr (copy->customer, ==, "customer");
  g_assert_cmpstr (copy->tags[1], ==, "two");
  g_assert_cmpstr (copy->error, ==, "error");
  g_assert_cmpint (copy->finished_us, ==, record->finished_us);
  g_assert_cmpuint (copy->attempts->len, ==, 1);
  g_assert_cmpstr (attempt_copy->deployment, ==, "cloud-1");
  g_assert_cmpstr (attempt_copy->error, ==, "refused");
  g_assert_cmpstr (attempt_copy->price_version, ==, "1");
  g_assert_cmpint (attempt_copy->cost_nano_usd, ==, 3000);
}

static void
test_empty (void)
{
  g_autoptr (SluiceExchangeRecord) record = sluice_exchange_record_new ();
  g_autoptr (SluiceExchangeRecord) copy = sluice_exchange_record_copy (record);

  g_assert_null (copy->account);
  g_assert_null (copy->tags);
  g_assert_cmpuint (copy->attempts->len, ==, 0);
  sluice_exchange_record_free (NULL);
  sluice_attempt_record_free (NULL);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add_func ("/ledger-record/copy", test_copy);
  g_test_add_func ("/ledger-record/empty", test_empty);
  return g_test_run ();
}
