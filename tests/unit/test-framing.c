/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of what clients and attackers send: each payload is pushed whole, byte by byte and cut at every place, and
 * the verdict is the same each time.
 */
#include "http/sluice-framing.h"

#include <string.h>

#include "shared/sluice-error.h"
#include "tests/cutter.h"

#define MAX_LINE 64
#define MAX_HEAD 256
#define MAX_HEADERS 5

/* Text that may hold NUL, with its length. */
#define T(text) text, sizeof text - 1

#define INVALID SLUICE_ERROR_INVALID_REQUEST
#define TOO_LARGE SLUICE_ERROR_HEADERS_TOO_LARGE
#define METHOD SLUICE_ERROR_METHOD_NOT_ALLOWED
#define CODING SLUICE_ERROR_NOT_IMPLEMENTED
#define EXPECT SLUICE_ERROR_EXPECTATION
#define ACCEPTED -1 /* the rest, if there is any, is dropped */

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"
#define START LINE HOST
#define GET START "\r\n"
#define POST "POST /v1/x HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define SIZED POST "Content-Length: 3\r\n\r\nabc"
#define A8 "aaaaaaaa"
#define A32 A8 A8 A8 A8
#define FIVE_HEADERS HOST "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"

/* @passed is let through when all comes at once, @rest is not. */
typedef struct {
  const char *name;
  const char *passed;
  gsize n_passed;
  const char *rest;
  gsize n_rest;
  int code;
  guint n_requests;
} Case;

static const Case cases[] = {
  /* requests that are fine */
  { "nothing", T (""), T (""), ACCEPTED, 0 },
  { "get", T (GET), T (""), ACCEPTED, 1 },
  { "get-http10-without-host", T ("GET / HTTP/1.0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "head", T ("HEAD /v1/models HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "options", T ("OPTIONS / HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "put", T ("PUT / HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "patch", T ("PATCH / HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "delete", T ("DELETE / HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "query", T ("GET /a?b=c%20d&e HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "host-any-case", T (LINE "hOST:h\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "host-empty", T (LINE "Host:\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "value-blanks-and-tabs", T (START "X:  \t a\tb  \t\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "value-empty", T (START "X:\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "value-utf8", T (START "X: \xc3\xa4\xe2\x82\xac\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "name-all-token-bytes", T (START "!#$%&'*+-.^_`|~09AZaz: 1\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "head-incomplete", T (START "X: "), T (""), ACCEPTED, 0 },
  { "line-incomplete", T ("GET /v1/mod"), T (""), ACCEPTED, 0 },
  { "cr-pending", T (LINE "Host: h\r"), T (""), ACCEPTED, 0 },
  { "body", T (SIZED), T (""), ACCEPTED, 1 },
  { "body-incomplete", T (POST "Content-Length: 9\r\n\r\nabc"), T (""), ACCEPTED, 1 },
  { "body-of-nothing", T (POST "Content-Length: 0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "body-leading-zeros", T (POST "Content-Length: 003\r\n\r\nabc"), T (""), ACCEPTED, 1 },
  { "body-of-any-bytes", T (POST "Content-Length: 7\r\n\r\n\0\r\n\xff\n\r\n"), T (""), ACCEPTED, 1 },
  { "body-like-a-request", T (POST "Content-Length: 18\r\n\r\nGET / HTTP/9.9\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "longest-length", T (POST "Content-Length: 999999999999999\r\n\r\nabc"), T (""), ACCEPTED, 1 },
  { "most-headers", T (LINE FIVE_HEADERS "\r\n"), T (""), ACCEPTED, 1 },
  { "longest-line", T ("GET /" A32 A8 A8 "aa HTTP/1.1\r\n" HOST "\r\n"), T (""), ACCEPTED, 1 },
  { "pipelined", T (GET GET GET), T (""), ACCEPTED, 3 },
  { "pipelined-bodies", T (SIZED SIZED GET SIZED), T (""), ACCEPTED, 4 },
  { "pipelined-and-cut", T (SIZED "POST / HT"), T (""), ACCEPTED, 1 },

  /* chunked: one body, and the end */
  { "chunked-nothing", T (CHUNKED "0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "chunked", T (CHUNKED "3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "chunked-any-case", T (POST "transfer-ENCODING:\tChunked\r\n\r\n0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "chunked-crlf-in-data", T (CHUNKED "4\r\n\r\n\r\n\r\n0\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "chunked-many-zeros", T (CHUNKED "000000000000003\r\nabc\r\n000\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "chunked-incomplete", T (CHUNKED "ff\r\nabc"), T (""), ACCEPTED, 1 },
  { "chunked-largest", T (CHUNKED "fffffffffffffff\r\nabc"), T (""), ACCEPTED, 1 },
  { "chunked-then-request", T (CHUNKED "0\r\n\r\n"), T (GET), ACCEPTED, 1 },
  { "chunked-then-junk", T (CHUNKED "1\r\na\r\n0\r\n\r\n"), T ("\0\n\xff"), ACCEPTED, 1 },
  { "pipelined-then-chunked", T (SIZED GET CHUNKED "0\r\n\r\n"), T (SIZED), ACCEPTED, 3 },

  /* request lines */
  { "empty-line-first", T (""), T ("\r\n" GET), INVALID, 0 },
  { "lf-first", T (""), T ("\n" GET), INVALID, 0 },
  { "blank-first", T (""), T (" " GET), INVALID, 0 },
  { "tls-hello", T (""), T ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), INVALID, 0 },
  { "line-bare-lf", T (""), T ("GET / HTTP/1.1\n" HOST "\r\n"), INVALID, 0 },
  { "line-bare-cr", T (""), T ("GET /\r HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "line-two-cr", T (""), T ("GET / HTTP/1.1\r\r\n" HOST "\r\n"), INVALID, 0 },
  { "line-nul", T (""), T ("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "method-only", T (""), T ("GET\r\n\r\n"), INVALID, 0 },
  { "no-version", T (""), T ("GET /\r\n\r\n"), INVALID, 0 },
  { "version-2", T (""), T ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), INVALID, 0 },
  { "version-1.2", T (""), T ("GET / HTTP/1.2\r\n" HOST "\r\n"), INVALID, 0 },
  { "version-lower-case", T (""), T ("GET / http/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "version-longer", T (""), T ("GET / HTTP/1.10\r\n" HOST "\r\n"), INVALID, 0 },
  { "blank-last", T (""), T ("GET / HTTP/1.1 \r\n" HOST "\r\n"), INVALID, 0 },
  { "two-blanks", T (""), T ("GET  / HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "tab", T (""), T ("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "method-brackets", T (""), T ("G(T / HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "method-lower-case", T (""), T ("get / HTTP/1.1\r\n" HOST "\r\n"), METHOD, 0 },
  { "method-trace", T (""), T ("TRACE / HTTP/1.1\r\n" HOST "\r\n"), METHOD, 0 },
  { "method-connect", T (""), T ("CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n"), METHOD, 0 },
  { "method-longer", T (""), T ("GETS / HTTP/1.1\r\n" HOST "\r\n"), METHOD, 0 },
  { "target-absolute", T (""), T ("GET http://h/ HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "target-star", T (""), T ("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "target-fragment", T (""), T ("GET /#a HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "target-8-bit", T (""), T ("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "target-del", T (""), T ("GET /\x7f HTTP/1.1\r\n" HOST "\r\n"), INVALID, 0 },
  { "line-too-long", T (""), T ("GET /" A32 A8 A8 "aaa HTTP/1.1\r\n" HOST "\r\n"), TOO_LARGE, 0 },
  { "line-too-long-unended", T (""), T ("GET /" A32 A32 A32), TOO_LARGE, 0 },

  /* headers */
  { "no-host", T (LINE), T ("\r\n"), INVALID, 0 },
  { "two-hosts", T (START), T ("Host: h\r\n\r\n"), INVALID, 0 },
  { "two-hosts-any-case", T (START), T ("hOSt: g\r\n\r\n"), INVALID, 0 },
  { "header-bare-lf", T (LINE), T ("Host: h\n\r\n"), INVALID, 0 },
  { "head-end-bare-lf", T (START), T ("\n"), INVALID, 0 },
  { "header-bare-cr", T (START), T ("X: a\rY: b\r\n\r\n"), INVALID, 0 },
  { "header-nul", T (START), T ("X: a\0b\r\n\r\n"), INVALID, 0 },
  { "header-folded", T (START "X: a\r\n"), T (" b\r\n\r\n"), INVALID, 0 },
  { "header-folded-tab", T (START "X: a\r\n"), T ("\tb\r\n\r\n"), INVALID, 0 },
  { "header-folded-first", T (LINE), T (" Host: h\r\n\r\n"), INVALID, 0 },
  { "no-colon", T (START), T ("X\r\n\r\n"), INVALID, 0 },
  { "no-name", T (START), T (": a\r\n\r\n"), INVALID, 0 },
  { "blank-before-colon", T (START), T ("Content-Length : 3\r\n\r\nabc"), INVALID, 0 },
  { "tab-before-colon", T (START), T ("Transfer-Encoding\t: chunked\r\n\r\n"), INVALID, 0 },
  { "name-brackets", T (START), T ("X(y): 1\r\n\r\n"), INVALID, 0 },
  { "name-8-bit", T (START), T ("\xc3\xa4: 1\r\n\r\n"), INVALID, 0 },
  { "value-control", T (START), T ("X: a\x01\r\n\r\n"), INVALID, 0 },
  { "value-vertical-tab", T (START), T ("X:\x0b" "1\r\n\r\n"), INVALID, 0 },
  { "value-del", T (START), T ("X: \x7f\r\n\r\n"), INVALID, 0 },
  { "value-latin-1", T (START), T ("X: \xe4\r\n\r\n"), INVALID, 0 },
  { "value-surrogate", T (START), T ("X: \xed\xa0\x80\r\n\r\n"), INVALID, 0 },
  { "too-many-headers", T (LINE FIVE_HEADERS), T ("E: 5\r\n\r\n"), TOO_LARGE, 0 },
  { "head-too-large", T (START), T ("X: " A32 A32 A32 A32 A32 A32 A32 A32 "\r\n\r\n"), TOO_LARGE, 0 },
  { "head-too-large-unended", T (START), T ("X: " A32 A32 A32 A32 A32 A32 A32 A32), TOO_LARGE, 0 },
  { "head-too-large-in-parts", T (START "X: " A32 A32 A32 "\r\n"), T ("Y: " A32 A32 A32 A32 "\r\n\r\n"), TOO_LARGE, 0 },

  /* lengths and codings */
  { "two-lengths", T (POST "Content-Length: 3\r\n"), T ("Content-Length: 3\r\n\r\nabc"), INVALID, 0 },
  { "two-lengths-after-zero", T (POST "Content-Length: 0\r\n"), T ("content-length: 4\r\n\r\n"), INVALID, 0 },
  { "length-list", T (POST), T ("Content-Length: 3, 3\r\n\r\nabc"), INVALID, 0 },
  { "length-plus", T (POST), T ("Content-Length: +3\r\n\r\nabc"), INVALID, 0 },
  { "length-minus", T (POST), T ("Content-Length: -3\r\n\r\nabc"), INVALID, 0 },
  { "length-hex", T (POST), T ("Content-Length: 0x3\r\n\r\nabc"), INVALID, 0 },
  { "length-empty", T (POST), T ("Content-Length:\r\n\r\n"), INVALID, 0 },
  { "length-inner-blank", T (POST), T ("Content-Length: 1 2\r\n\r\n"), INVALID, 0 },
  { "length-overflow", T (POST), T ("Content-Length: 18446744073709551619\r\n\r\n"), INVALID, 0 },
  { "length-then-coding", T (POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), T ("\r\nabc"), INVALID, 0 },
  { "coding-then-length", T (POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), T ("\r\nabc"), INVALID, 0 },
  { "coding-then-no-length", T (POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), T ("\r\n"), INVALID, 0 },
  { "two-codings", T (POST "Transfer-Encoding: chunked\r\n"), T ("Transfer-Encoding: chunked\r\n\r\n"), INVALID, 0 },
  { "coding-http10", T ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"), T ("\r\n0\r\n\r\n"), INVALID, 0 },
  { "coding-gzip", T (POST), T ("Transfer-Encoding: gzip\r\n\r\n"), CODING, 0 },
  { "coding-list", T (POST), T ("Transfer-Encoding: gzip, chunked\r\n\r\n"), CODING, 0 },
  { "coding-twice-in-one", T (POST), T ("Transfer-Encoding: chunked, chunked\r\n\r\n"), CODING, 0 },
  { "coding-quoted", T (POST), T ("Transfer-Encoding: \"chunked\"\r\n\r\n"), CODING, 0 },
  { "coding-parameter", T (POST), T ("Transfer-Encoding: chunked;a=b\r\n\r\n"), CODING, 0 },
  { "coding-identity", T (POST), T ("Transfer-Encoding: identity\r\n\r\n"), CODING, 0 },
  { "coding-empty", T (POST), T ("Transfer-Encoding:\r\n\r\n"), CODING, 0 },

  /* expectations */
  { "expect-continue", T (POST "Expect: 100-continue\r\n\r\n"), T (""), ACCEPTED, 1 },
  { "expect-continue-upper", T (POST "EXPECT:\t100-CONTINUE \r\n\r\n"), T (""), ACCEPTED, 1 },
  { "expect-other", T (POST), T ("Expect: 200-ok\r\n\r\n"), EXPECT, 0 },
  { "expect-empty", T (POST), T ("Expect:\r\n\r\n"), EXPECT, 0 },
  { "expect-list", T (POST), T ("Expect: 100-continue, x\r\n\r\n"), EXPECT, 0 },
  { "expect-second", T (POST "Expect: 100-continue\r\n"), T ("Expect: x\r\n\r\n"), EXPECT, 0 },
  { "expect-http10", T ("GET / HTTP/1.0\r\n"), T ("Expect: x\r\n\r\n"), EXPECT, 0 },

  /* chunks */
  { "chunk-size-missing", T (CHUNKED), T ("\r\nabc"), INVALID, 1 },
  { "chunk-size-letter", T (CHUNKED "1"), T ("g\r\n"), INVALID, 1 },
  { "chunk-size-0x", T (CHUNKED "0"), T ("x3\r\nabc\r\n"), INVALID, 1 },
  { "chunk-size-minus", T (CHUNKED), T ("-3\r\nabc\r\n"), INVALID, 1 },
  { "chunk-size-blank", T (CHUNKED "3"), T (" \r\nabc\r\n"), INVALID, 1 },
  { "chunk-size-bare-lf", T (CHUNKED "3"), T ("\nabc\r\n"), INVALID, 1 },
  { "chunk-size-bare-cr", T (CHUNKED "3\r"), T ("abc\r\n"), INVALID, 1 },
  { "chunk-size-too-long", T (CHUNKED "000000000000000"), T ("3\r\nabc\r\n"), INVALID, 1 },
  { "chunk-extension", T (CHUNKED "3"), T (";a=b\r\nabc\r\n"), INVALID, 1 },
  { "chunk-extension-last", T (CHUNKED "0"), T (";a\r\n\r\n"), INVALID, 1 },
  { "chunk-longer", T (CHUNKED "3\r\nabc"), T ("d\r\n0\r\n\r\n"), INVALID, 1 },
  { "chunk-shorter", T (CHUNKED "5\r\nabc\r\n"), T ("0\r\n\r\n"), INVALID, 1 },
  { "chunk-ends-bare-lf", T (CHUNKED "3\r\nabc"), T ("\n0\r\n\r\n"), INVALID, 1 },
  { "chunk-ends-bare-cr", T (CHUNKED "3\r\nabc\r"), T ("0\r\n\r\n"), INVALID, 1 },
  { "trailer", T (CHUNKED "0\r\n"), T ("X: y\r\n\r\n"), INVALID, 1 },
  { "trailer-length", T (CHUNKED "0\r\n"), T ("Content-Length: 3\r\n\r\n"), INVALID, 1 },
  { "last-bare-lf", T (CHUNKED "0\r\n"), T ("\n"), INVALID, 1 },
  { "last-bare-cr", T (CHUNKED "0\r\n\r"), T ("X"), INVALID, 1 },

  /* the second request of a connection */
  { "pipelined-bad", T (GET), T ("GET / HTTP/1.1\n\n"), INVALID, 1 },
  { "pipelined-empty-line", T (SIZED), T ("\r\n" GET), INVALID, 1 },
  { "pipelined-no-host", T (GET LINE), T ("\r\n"), INVALID, 1 },
  { "body-longer", T (SIZED), T ("d" "\r\n" GET), INVALID, 1 },
  { "pipelined-coding", T (SIZED POST), T ("Transfer-Encoding: gzip\r\n\r\n"), CODING, 1 },
};

static void
check_cut (const Case *c, Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  g_autoptr (GError) error = NULL;
  SluiceFraming framing;
  gsize passed = 0;
  gboolean over = FALSE;

  sluice_framing_init (&framing, MAX_LINE, MAX_HEAD, MAX_HEADERS);
  while (!over && cutter_next (&cutter))
    {
      gsize n = sluice_framing_push (&framing, cutter.piece, cutter.size, &error);

      g_assert_cmpuint (n, <=, cutter.size);
      over = n < cutter.size;
      g_assert_true (over || error == NULL);
      passed += n;
    }

  if (c->code == ACCEPTED)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (passed, ==, c->n_passed);
    }
  else
    {
      g_assert_error (error, SLUICE_ERROR, c->code);
      /* of a line that is refused later its beginning may be through already, but never its end */
      g_assert_cmpuint (passed, >=, c->n_passed);
      g_assert_cmpuint (passed, <, cutter.length);
      g_assert_null (memchr (cutter.bytes + c->n_passed, '\n', passed - c->n_passed));
      if (cutter.size == cutter.length)
        g_assert_cmpuint (passed, ==, c->n_passed);
    }
  g_assert_cmpuint (framing.n_requests, ==, c->n_requests);

  if (over)
    {
      g_clear_error (&error);
      g_assert_cmpuint (sluice_framing_push (&framing, T (GET), &error), ==, 0);
      g_assert_no_error (error);
      g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_OVER);
    }
  sluice_framing_clear (&framing);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) all = g_byte_array_new ();

  g_byte_array_append (all, (const guint8 *) c->passed, (guint) c->n_passed);
  g_byte_array_append (all, (const guint8 *) c->rest, (guint) c->n_rest);
  for (gsize step = 0; step <= 3; step++)
    check_cut (c, cutter_by_step ((const char *) all->data, all->len, step));
  for (gsize at = 1; at < all->len; at++)
    check_cut (c, cutter_at ((const char *) all->data, all->len, &at, 1));
}

/* Each byte 0 to 255 in a place where only some may stand. */
static void
check_bytes (const char *before, const char *after, const char *allowed)
{
  for (guint byte = 0; byte < 256; byte++)
    {
      g_autoptr (GString) bytes = g_string_new (before);
      g_autoptr (GError) error = NULL;
      SluiceFraming framing;
      gsize passed;

      g_string_append_c (bytes, (char) byte);
      g_string_append (bytes, after);
      sluice_framing_init (&framing, MAX_LINE, MAX_HEAD, MAX_HEADERS);
      passed = sluice_framing_push (&framing, bytes->str, bytes->len, &error);
      g_test_message ("byte 0x%02x", byte);
      g_assert_cmpint (passed == bytes->len, ==, byte != 0 && strchr (allowed, (int) byte) != NULL);
      g_assert_cmpint (passed == bytes->len, ==, error == NULL);
      sluice_framing_clear (&framing);
    }
}

#define ALPHANUMERIC "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void
test_name_bytes (void)
{
  check_bytes (START "X", "Y: 1\r\n\r\n", ALPHANUMERIC "!#$%&'*+-.^_`|~:");
}

static void
test_length_bytes (void)
{
  /* more digits, and the blanks around a value */
  check_bytes (POST "Content-Length: 1", "\r\n\r\n", "0123456789 \t");
}

static void
test_target_bytes (void)
{
  g_autoptr (GString) allowed = g_string_new (NULL);

  for (char byte = '!'; byte <= '~'; byte++)
    {
      if (byte != '#')
        g_string_append_c (allowed, byte);
    }
  check_bytes ("GET /a", "b HTTP/1.1\r\n" HOST "\r\n", allowed->str);
}

static void
test_chunk_size_bytes (void)
{
  check_bytes (CHUNKED "0", "\r\n", "0123456789abcdefABCDEF");
}

static void
test_states (void)
{
  SluiceFraming framing;

  sluice_framing_init (&framing, MAX_LINE, MAX_HEAD, MAX_HEADERS);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_IDLE);
  sluice_framing_push (&framing, T (LINE), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_HEAD);
  sluice_framing_push (&framing, T (HOST "Content-Length: 2\r\n\r\na"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_BODY);
  g_assert_cmpint (framing.length, ==, 2);
  g_assert_cmpint (framing.left, ==, 1);
  sluice_framing_push (&framing, T ("b"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_IDLE);
  sluice_framing_push (&framing, T (CHUNKED), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_CHUNK_SIZE);
  g_assert_cmpint (framing.length, ==, -1);
  sluice_framing_push (&framing, T ("2\r\na"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_CHUNK_DATA);
  sluice_framing_push (&framing, T ("b"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_CHUNK_END);
  sluice_framing_push (&framing, T ("\r\n0\r\n"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_CHUNK_LAST);
  sluice_framing_push (&framing, T ("\r\n"), NULL);
  g_assert_cmpint (framing.state, ==, SLUICE_FRAMING_OVER);
  g_assert_cmpuint (framing.n_requests, ==, 2);
  sluice_framing_clear (&framing);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/framing/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/framing/bytes/name", test_name_bytes);
  g_test_add_func ("/framing/bytes/length", test_length_bytes);
  g_test_add_func ("/framing/bytes/target", test_target_bytes);
  g_test_add_func ("/framing/bytes/chunk-size", test_chunk_size_bytes);
  g_test_add_func ("/framing/states", test_states);
  return g_test_run ();
}
