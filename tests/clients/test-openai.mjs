// SPDX-License-Identifier: GPL-3.0-or-later
// The official OpenAI client against a running gateway: test-openai.mjs BASE_URL KEY. Prints TAP.
// Models: "local" and "paid" echo the last message, "slow" streams for long, "broken" fails midway, "vectors" embeds.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [baseURL, apiKey] = process.argv.slice(2);
const LIMIT_MS = 15000;

function client(options = {}) {
  return new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: LIMIT_MS, ...options });
}

function user(content) {
  return [{ role: 'user', content }];
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream)
    chunks.push(chunk);
  return chunks;
}

function textOf(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
}

const tests = {
  async 'a chat answer'() {
    const answer = await client().chat.completions.create({ model: 'local', messages: user('echo these four words') });
    assert.equal(answer.choices[0].message.content, 'echo these four words');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.model, 'local');
    assert.equal(answer.usage.completion_tokens, 4);
  },

  async 'an answer with its headers'() {
    const { data, response } = await client().chat.completions
      .create({ model: 'paid', messages: user('one two') }).withResponse();
    assert.equal(data.choices[0].message.content, 'one two');
    assert.ok(Number(response.headers.get('x-litellm-response-cost')) > 0);
    assert.ok(response.headers.get('x-litellm-call-id'));
  },

  async 'a stream'() {
    const chunks = await collect(await client().chat.completions.create(
      { model: 'local', messages: user('one two three'), stream: true }));
    assert.equal(textOf(chunks), 'one two three');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
  },

  async 'a stream with usage'() {
    const chunks = await collect(await client().chat.completions.create(
      { model: 'local', messages: user('one two three'), stream: true, stream_options: { include_usage: true } }));
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.completion_tokens, 3);
  },

  async 'the stream helper'() {
    const stream = client().chat.completions.stream({ model: 'local', messages: user('one two three') });
    assert.equal((await stream.finalChatCompletion()).choices[0].message.content, 'one two three');
  },

  async 'a text completion'() {
    const answer = await client().completions.create({ model: 'local', prompt: 'one two' });
    assert.equal(answer.choices[0].text, 'one two');
  },

  // the client asks for base64 and decodes it
  async 'embeddings'() {
    const answer = await client().embeddings.create({ model: 'vectors', input: ['a', 'b', 'c'] });
    assert.equal(answer.data.length, 3);
    assert.ok(answer.data.every((item) => item.embedding.length === 8));
    assert.ok(answer.data[0].embedding.every(Number.isFinite));
  },

  async 'embeddings as numbers'() {
    const answer = await client().embeddings.create({ model: 'vectors', input: 'a', encoding_format: 'float' });
    assert.ok(Array.isArray(answer.data[0].embedding));
    assert.equal(answer.data[0].embedding.length, 8);
  },

  async 'the list of models'() {
    const ids = [];
    for await (const model of client().models.list())
      ids.push(model.id);
    assert.deepEqual(ids, ['local', 'paid', 'slow', 'broken', 'vectors']);
    assert.equal((await client().models.retrieve('local')).id, 'local');
    await assert.rejects(client().models.retrieve('absent'), OpenAI.NotFoundError);
  },

  async 'a wrong key'() {
    await assert.rejects(
      client({ apiKey: 'sk-wrong-key-000000' }).chat.completions.create({ model: 'local', messages: user('x') }),
      (error) => error instanceof OpenAI.AuthenticationError && error.status === 401);
  },

  async 'an unknown model'() {
    await assert.rejects(
      client().chat.completions.create({ model: 'absent', messages: user('x') }),
      (error) => error instanceof OpenAI.BadRequestError && error.status === 400 && error.param === 'model'
        && error.message.includes('/v1/models'));
  },

  async 'an unknown model in a stream'() {
    await assert.rejects(
      client().chat.completions.create({ model: 'absent', messages: user('x'), stream: true }),
      OpenAI.BadRequestError);
  },

  async 'a refusal is not tried again'() {
    let calls = 0;
    const counting = (...args) => {
      calls++;
      return fetch(...args);
    };
    await assert.rejects(client({ maxRetries: 2, fetch: counting }).chat.completions.create(
      { model: 'absent', messages: user('x') }));
    assert.equal(calls, 1);
  },

  async 'a stream that fails midway'() {
    const stream = await client().chat.completions.create(
      { model: 'broken', messages: user('one two three four five six'), stream: true });
    await assert.rejects(collect(stream), OpenAI.APIError);
  },

  async 'leaving a stream'() {
    const stream = await client().chat.completions.create({ model: 'slow', messages: user('x'), stream: true });
    let seen = 0;
    for await (const chunk of stream) {
      assert.equal(chunk.model, 'slow');
      if (++seen === 3)
        break;
    }
    assert.equal(seen, 3);
  },

  async 'aborting a stream'() {
    const controller = new AbortController();
    const stream = await client().chat.completions.create(
      { model: 'slow', messages: user('x'), stream: true }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    const chunks = await collect(stream).catch((error) => {
      assert.ok(error instanceof OpenAI.APIUserAbortError || error.name === 'AbortError', String(error));
      return [];
    });
    assert.ok(chunks.length < 100);
  },

  async 'fifty at once'() {
    const shared = client();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => shared.chat.completions.create(
      { model: 'local', messages: user(`number ${index}`) })));
    answers.forEach((answer, index) => assert.equal(answer.choices[0].message.content, `number ${index}`));
  },
};

function within(promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

let failed = 0;
console.log(`1..${Object.keys(tests).length}`);
for (const [index, [name, test]] of Object.entries(tests).entries()) {
  try {
    await within(test());
    console.log(`ok ${index + 1} - ${name}`);
  } catch (error) {
    failed++;
    console.log(String(error.stack).replace(/^/gm, '# '));
    console.log(`not ok ${index + 1} - ${name}`);
  }
}
process.exit(failed > 0 ? 1 : 0);
