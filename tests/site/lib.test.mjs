// Texts and HTTP.

import assert from 'node:assert/strict';
import test from 'node:test';
import { createHttp } from '../../web/site/src/lib/http.js';
import { format, lookUp, pickLanguage } from '../../web/site/src/lib/texts.js';
import { presetLanguage } from '../../web/site/src/types/text.js';

const AVAILABLE = ['de', 'en', 'pt-br'].map((code) => ({ code }));


test('the language is the first wish that there is', () => {
    const pick = (...wishes) => pickLanguage(AVAILABLE, wishes).code;

    assert.equal(pick(null, undefined, 'de-AT', 'en'), 'de');
    assert.equal(pick('PT-BR'), 'pt-br');
    assert.equal(pick('xx', 'fr'), 'en');
    assert.equal(presetLanguage('pt'), 'pt-br');
    assert.equal(presetLanguage('de'), 'de');
    assert.equal(presetLanguage('el'), 'xx');
});


test('texts are filled in, by number where they count', () => {
    const texts = { 'a_one': '{count} cat', 'a_other': '{count} cats',
                    'b': '{x} and {y}' };

    assert.equal(lookUp(texts, 'a', { count: 1 }, 'en'), '{count} cat');
    assert.equal(lookUp(texts, 'a', { count: 0 }, 'en'), '{count} cats');
    assert.equal(format('{count} cats', { count: 1000 }, 'de'), '1.000 cats');
    assert.equal(format(texts.b, { x: '{y}' }, 'en'), '{y} and {y}');
});


function reply(status, body, headers = {}) {
    return new Response(body === undefined ? null : JSON.stringify(body), {
        status,
        headers: { 'Content-Type': 'application/json; charset=utf-8',
                   ...headers },
    });
}


function open(replies, overrides = {}) {
    const seen = { calls: [], links: [], pauses: [], sessions: 0 };
    const request = createHttp({
        fetch: async (path, options) => {
            seen.calls.push({ path, ...options });

            const next = replies.shift();

            if (next instanceof Error) {
                throw next;
            }
            return next;
        },
        token: () => 'secret',
        onSession: () => seen.sessions++,
        onLink: (state) => seen.links.push(state),
        wait: async (ms) => seen.pauses.push(ms),
        ...overrides,
    });

    return { request, seen };
}


test('a call carries its token and its JSON', async () => {
    const { request, seen } = open([reply(201, { id: 1 })]);
    const { data } = await request('POST', '/x', { body: { a: 1 } });

    assert.deepEqual(data, { id: 1 });
    assert.equal(seen.calls[0].headers.Authorization, 'Bearer secret');
    assert.equal(seen.calls[0].headers['Content-Type'], 'application/json');
    assert.equal(seen.calls[0].body, '{"a":1}');
});


test('reading is repeated until the server is back', async () => {
    const { request, seen } = open([new TypeError('network'), reply(503, {}),
        reply(503, {}, { 'Retry-After': '9' }), reply(200, [])]);

    await request('GET', '/x');
    assert.deepEqual(seen.pauses, [1000, 2000, 9000]);
    assert.deepEqual(seen.links, ['offline', 'busy', 'busy', 'ok']);
});


test('a refusal is a sign of life', async () => {
    const { request, seen } = open([reply(503, {}), reply(404, {})]);

    await assert.rejects(request('GET', '/x'), { kind: 'missing' });
    assert.deepEqual(seen.links, ['busy', 'ok']);
});


test('changing is not repeated', async () => {
    const { request, seen } = open([reply(503, {}), reply(201, {})]);

    await assert.rejects(request('POST', '/x', { body: {} }), { kind: 'busy' });
    assert.equal(seen.calls.length, 1);
});


test('errors have a kind and the code of the server', async () => {
    const { request } = open([
        reply(409, { code: 'MLMOD05', error: 'no keys' }),
        reply(404, {}),
        new Response('<html>', { status: 200,
                                 headers: { 'Content-Type': 'text/html' } }),
    ]);

    await assert.rejects(request('POST', '/x'),
        { kind: 'conflict', code: 'MLMOD05', status: 409 });
    await assert.rejects(request('GET', '/x'), { kind: 'missing' });
    await assert.rejects(request('GET', '/x'), { kind: 'server' });
});


test('a refused token ends the session, an old one does not', async () => {
    const { request, seen } = open([reply(401, {})]);

    await assert.rejects(request('GET', '/x'), { kind: 'session' });
    assert.equal(seen.sessions, 1);

    const tokens = ['old', 'old', 'new'];
    const second = open([reply(401, {})], { token: () => tokens.shift() });

    await assert.rejects(second.request('GET', '/x'), { kind: 'session' });
    assert.equal(second.seen.sessions, 0);
});


test('a page that is left takes its calls along', async () => {
    const controller = new AbortController();
    const { request } = open([], {
        fetch: (_, { signal }) => new Promise((resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const call = request('GET', '/x', { signal: controller.signal });

    controller.abort();
    await assert.rejects(call, { kind: 'gone' });
});
