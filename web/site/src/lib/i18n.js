// Texts.  English is part of the script and stands in for whatever another
// language lacks; other languages are fetched when they are chosen.

import english from '../languages/en.json';
import { createStore } from './store.js';
import { format, lookUp, pickLanguage } from './texts.js';
import { storage } from './storage.js';

/* global LANGUAGE_VERSION */

export const languages = [
    { code: 'de', name: 'Deutsch', dir: 'ltr' },
    { code: 'en', name: 'English', dir: 'ltr' },
];

export const language = createStore({ code: 'en', dir: 'ltr', texts: english });

const CHOICE = 'language';


// key: a name in the language file.  values: for the {names} in the text;
// a number `count` picks the plural form (key_one, key_other, ...).
export function t(key, values) {
    const { code, texts } = language.get();
    const text = lookUp(texts, key, values, code);

    if (text !== undefined) {
        return format(text, values, code);
    }

    return format(lookUp(english, key, values, 'en') ?? key, values, 'en');
}


export function hasText(key) {
    return english[key] !== undefined;
}


// The browser's own variant of the language, if it has one: "en-GB" writes
// times and dates in another way than "en".
function locale() {
    const { code } = language.get();

    return (navigator.languages ?? [])
        .find((one) => one.toLowerCase().split('-')[0] === code) ?? code;
}


export function formatTime(date) {
    return new Intl.DateTimeFormat(locale(), {
        hour: 'numeric', minute: '2-digit',
    }).format(date);
}


// value: an ISO time or milliseconds
export function formatMoment(value) {
    return new Intl.DateTimeFormat(locale(), {
        dateStyle: 'medium', timeStyle: 'short',
    }).format(new Date(value));
}


export function languageName(code) {
    try {
        return new Intl.DisplayNames([language.get().code],
            { type: 'language' }).of(code);
    } catch {
        return code;
    }
}


async function load(chosen) {
    if (chosen.code === 'en') {
        return english;
    }

    const reply = await fetch(
        `/static/languages/${chosen.code}.json?v=${LANGUAGE_VERSION}`);

    if (!reply.ok) {
        throw new Error(`language file: ${reply.status}`);
    }

    return reply.json();
}


async function use(chosen) {
    let texts;

    try {
        texts = await load(chosen);
    } catch {
        return false;
    }

    language.set({ code: chosen.code, dir: chosen.dir, texts });
    document.documentElement.lang = chosen.code;
    document.documentElement.dir = chosen.dir;
    return true;
}


// The address wins (?lang=de), then an earlier choice, then the browser.
export function startLanguage() {
    const asked = new URLSearchParams(location.search).get('lang');

    return use(pickLanguage(languages,
        [asked, storage.read(CHOICE), ...(navigator.languages ?? [])]));
}


// Returns whether the language could be loaded.
export async function chooseLanguage(code) {
    const done = await use(pickLanguage(languages, [code]));

    if (done) {
        storage.write(CHOICE, code);

        const address = new URL(location.href);
        address.searchParams.delete('lang');
        history.replaceState(history.state, '', address);
    }

    return done;
}
