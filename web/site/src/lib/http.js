// HTTP to our own server: JSON in, JSON out, errors as ApiError.  Reading
// calls are repeated while the server is away; calls that change something
// are not, because nobody can know whether they were carried out.

import { ApiError, errorFromReply } from './api-error.js';
import { backOff, wait as realWait } from './wait.js';

const TIMEOUT = 30000;
const RETRY_PAUSES = [1, 2, 4, 8, 15];
const LONGEST_RETRY_AFTER = 30;

// kinds of error that pass by themselves -> what is away
const AWAY = { busy: 'busy', offline: 'offline', slow: 'offline' };


async function parse(reply) {
    if (reply.status === 204) {
        return undefined;
    }

    const type = reply.headers.get('Content-Type') ?? '';

    if (!type.startsWith('application/json')) {
        return undefined;
    }

    try {
        return await reply.json();
    } catch {
        return undefined;
    }
}


// options:
//   fetch       the browser's
//   token()     bearer token, or null
//   onSession() called when the server no longer knows the token
//   onLink(state) `ok` after each answer; while a call is being repeated `busy`
//               (the server) or `offline` (the way to it)
//   wake        EventTarget; its `wake` event repeats waiting calls at once
export function createHttp({ fetch, token, onSession, onLink, wake,
                             wait = realWait }) {

    async function send(method, path, options) {
        const timeout = new AbortController();
        const timer = setTimeout(() => timeout.abort(),
            options.timeout ?? TIMEOUT);
        const leave = () => timeout.abort();
        const bearer = token();

        options.signal?.addEventListener('abort', leave);

        try {
            const reply = await fetch(path, {
                method,
                signal: timeout.signal,
                headers: {
                    Accept: 'application/json',
                    ...(bearer && { Authorization: `Bearer ${bearer}` }),
                    ...(options.body !== undefined
                        && { 'Content-Type': 'application/json' }),
                    ...options.headers,
                },
                body: options.body === undefined
                    ? undefined : JSON.stringify(options.body),
            });

            return {
                status: reply.status,
                ok: reply.ok,
                headers: reply.headers,
                data: await parse(reply),
            };
        } catch {
            if (options.signal?.aborted) {
                throw new ApiError('gone');
            }
            throw new ApiError(timeout.signal.aborted ? 'slow' : 'offline');
        } finally {
            clearTimeout(timer);
            options.signal?.removeEventListener('abort', leave);
        }
    }

    async function once(method, path, options) {
        const bearer = token();
        const reply = await send(method, path, options);

        if (reply.ok && (reply.data !== undefined || options.empty)) {
            return reply;
        }

        const error = reply.ok
            ? new ApiError('server', { status: reply.status })
            : errorFromReply(reply.status, reply.data,
                reply.headers.get('Retry-After'));

        // An answer to an old token says nothing about the present one.
        if (error.kind === 'session' && bearer && bearer === token()) {
            onSession();
        }

        throw error;
    }

    // Returns { status, headers, data }.  options: body (any JSON value),
    // headers, signal, timeout (ms), empty (no JSON in the answer is fine).
    async function request(method, path, options = {}) {
        for (let attempt = 0; ; attempt++) {
            try {
                const reply = await once(method, path, options);
                onLink('ok');
                return reply;

            } catch (error) {
                const away = AWAY[error.kind];

                if (error.status > 0 && !away) {
                    onLink('ok');
                }

                if (!away || method !== 'GET') {
                    throw error;
                }

                onLink(away);

                const pause = Math.min(error.retryAfter
                    ?? backOff(RETRY_PAUSES, attempt), LONGEST_RETRY_AFTER);

                await wait(pause * 1000, { signal: options.signal, wake })
                    .catch(() => {
                        throw new ApiError('gone');
                    });
            }
        }
    }

    return request;
}
