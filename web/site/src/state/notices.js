// Short messages at the edge of the page, and questions in a dialog.

import { createStore } from '../lib/store.js';

const SHOWN_FOR = 8000;


export const notices = createStore({ list: [] });

let lastId = 0;


export function dismiss(id) {
    notices.set(({ list }) => ({ list: list.filter((one) => one.id !== id) }));
}


// Messages about what was done on a page go with the page.
export function leavePage() {
    notices.set(({ list }) => ({
        list: list.filter(({ tone }) => tone !== 'info'),
    }));
}


// tone: `good`, `info` or `problem`; problems stay until they are dismissed.
// action: { text, run } for a button in the message.
export function notify(text, { tone = 'info', action } = {}) {
    const id = ++lastId;
    const same = (one) => one.text === text && one.tone === tone;

    notices.set(({ list }) => ({
        list: [...list.filter((one) => !same(one)), { id, text, tone, action }]
            .slice(-3),
    }));

    if (tone !== 'problem') {
        setTimeout(() => dismiss(id), SHOWN_FOR);
    }
}


export const question = createStore({ open: null });


// Asks in a dialog; resolves to whether the child agreed.
// details: { title, text, yes, no, tone }
export function confirm(details) {
    return new Promise((resolve) => {
        question.set({
            open: {
                ...details,
                answer(agreed) {
                    question.set({ open: null });
                    resolve(agreed);
                },
            },
        });
    });
}
