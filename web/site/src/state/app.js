// The parts that live as long as the window, connected to each other.

import { createApi } from '../lib/api.js';
import { createHttp } from '../lib/http.js';
import { createStore } from '../lib/store.js';
import { createSession } from './session.js';

// state: `ok`, `busy` (the server) or `offline`
export const link = createStore({ state: 'ok' });

export const session = createSession();

const wake = new EventTarget();


// Calls that wait for the server are repeated now.
export function retryNow() {
    wake.dispatchEvent(new Event('wake'));
}


export const api = createApi(createHttp({
    fetch: (...args) => globalThis.fetch(...args),
    token: () => session.get().user?.token ?? null,
    onSession: () => session.end('expired'),
    onLink: (state) => {
        if (link.get().state !== state) {
            link.set({ state });
        }
    },
    wake,
}));


export function startApp() {
    session.restore();

    addEventListener('storage', (event) => {
        if (session.isStoredUnder(event.key)) {
            session.restore();
        }
    });
    addEventListener('online', retryNow);
    addEventListener('offline', () => api.probe().catch(() => {}));
}
