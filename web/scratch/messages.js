/*
 * Extension scripts and the page talk by messages to their own window: the
 * page takes those that carry a command or the name of a help text, the
 * scripts take answers, which are strings.
 */

import { showBanner } from './problem.js';


export function listenToExtensions() {
    window.addEventListener('message', (event) => {
        const { data } = event;

        if (event.source !== window || data === null
            || typeof data !== 'object')
        {
            return;
        }

        if (typeof data.mlforkids === 'string') {
            showBanner(data.mlforkids);
        }
    });
}
