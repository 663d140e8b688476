// Who is using the site.

import { createStore } from '../lib/store.js';
import { storage as browserStorage } from '../lib/storage.js';

const NAME = 'session';

// what the stores of projects have stored
const OF_PROJECTS = 'project.';

const SESSION_CLASS = 'session-users';

// The longest delay that a browser's timer can hold.
const LONGEST_TIMER = 2147483647;


// The session: { user: null | { userid, classid, role, token, expiry }, ended }
// with ended `null`, `expired` (its time was up, or the server has forgotten
// it) or `left`.  expiry is in milliseconds.
export function createSession({ storage = browserStorage, now = Date.now,
                                setTimer = setTimeout,
                                clearTimer = clearTimeout } = {}) {
    const store = createStore({ user: null, ended: null });
    let timer;

    function usable(user) {
        return typeof user?.token === 'string' && user.expiry > now();
    }

    function watch(user) {
        clearTimer(timer);

        if (user) {
            timer = setTimer(() => end('expired'),
                Math.min(user.expiry - now(), LONGEST_TIMER));
        }
    }

    function end(why) {
        storage.remove(NAME);
        storage.removeAll(OF_PROJECTS);
        watch(null);
        store.set({ user: null, ended: why });
    }

    return {
        ...store,

        // Takes up what an earlier visit or another window has stored.
        restore() {
            const user = storage.read(NAME);

            if (usable(user)) {
                watch(user);
                store.set({ user, ended: null });

            } else if (user || store.get().user) {
                end(user ? 'expired' : 'left');
            }
        },

        // reply: the server's answer to "try it now"
        start(reply) {
            const user = {
                userid: reply.id,
                classid: SESSION_CLASS,
                role: 'student',
                token: reply.jwt,
                expiry: Date.parse(reply.sessionExpiry),
            };

            storage.write(NAME, user);
            watch(user);
            store.set({ user, ended: null });
        },

        end,

        isStoredUnder(key) {
            return storage.owns(key, NAME);
        },
    };
}


export function isTrying(user) {
    return user?.classid === SESSION_CLASS;
}
