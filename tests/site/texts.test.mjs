// The language files: complete, and used.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../web/site/src', import.meta.url));
const folder = path.join(source, 'languages');

// Keys that are put together by the script.
const COMPOSED = /^(?:confidence|errors|facts|help|about|label|learn|link|login|model|project|scratch|start|steps|training\.next|types)\./;


function read(code) {
    return JSON.parse(readFileSync(path.join(folder, `${code}.json`), 'utf8'));
}


function placeholders(text) {
    return (text.match(/\{\w+\}/g) ?? []).sort();
}


function sources(dir) {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
        const file = path.join(dir, entry.name);

        return entry.isDirectory() ? sources(file)
            : /\.jsx?$/.test(entry.name) ? [readFileSync(file, 'utf8')] : [];
    });
}


const english = read('en');
const codes = readdirSync(folder).map((name) => path.basename(name, '.json'));
const script = sources(source).join('\n');

for (const code of codes) {
    const texts = read(code);

    test(`${code}: the same keys as English`, () => {
        const forms = new Intl.PluralRules(code)
            .resolvedOptions().pluralCategories;

        for (const key of Object.keys(english)) {
            const plural = /^(.*)_(?:one|other)$/.exec(key);
            const wanted = plural
                ? forms.map((form) => `${plural[1]}_${form}`) : [key];

            wanted.forEach((one) => assert.ok(texts[one], `${one} is missing`));
        }

        for (const key of Object.keys(texts)) {
            const base = key.replace(/_(?:zero|one|two|few|many)$/, '_other');

            assert.ok(english[key] ?? english[base], `${key} is unknown`);
        }
    });

    test(`${code}: the same names in braces as English`, () => {
        for (const [key, text] of Object.entries(texts)) {
            assert.deepEqual(placeholders(text),
                placeholders(english[key] ?? english[`${key.split('_')[0]}_other`]),
                key);
        }
    });
}


// Spoken name of a button -> what is written on it: who says what is written
// must be understood.
const SPOKEN = {
    'training.addTo': 'training.add',
    'projects.deleteNamed': 'projects.delete',
};

for (const code of codes) {
    test(`${code}: the spoken name of a button holds the written one`, () => {
        const texts = read(code);

        for (const [spoken, written] of Object.entries(SPOKEN)) {
            assert.ok(texts[spoken].toLowerCase()
                .includes(texts[written].toLowerCase()), spoken);
        }
    });
}


test('every text that the script names exists', () => {
    const named = [...script.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((m) => m[1]);

    assert.ok(named.length > 100);

    for (const key of named) {
        assert.ok(english[key] ?? english[`${key}_other`], key);
    }
});


test('every text is used', () => {
    for (const key of Object.keys(english)) {
        const base = key.replace(/_(?:one|other)$/, '');

        assert.ok(COMPOSED.test(key) || script.includes(`'${base}'`), key);
    }
});


test('every language can be chosen', () => {
    const rows = [...script.matchAll(/code: '([\w-]+)', name:/g)]
        .map((m) => m[1]);

    assert.deepEqual(rows.sort(), codes.sort());
});
