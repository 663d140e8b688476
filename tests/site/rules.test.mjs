// Rules for what children type, and for when there is enough of it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { cleanExample, EXAMPLES_PER_PROJECT, sortExamples, splitLines }
    from '../../web/site/src/lib/examples.js';
import { checkLabel, displayLabel, normaliseLabel, ofLabel }
    from '../../web/site/src/lib/labels.js';
import { checkReadiness } from '../../web/site/src/lib/readiness.js';

const RULES = { labels: 2, examples: 5, weakLabels: 1 };


test('a label is stored as the server stores it', () => {
    assert.equal(normaliseLabel('  mean things '), 'mean_things');
    assert.equal(normaliseLabel('a-b.c_d'), 'a_b.c_d');
    assert.equal(normaliseLabel('grün'), 'gr_n');
    assert.equal(normaliseLabel('x'.repeat(40)), 'x'.repeat(30));
    assert.equal(displayLabel('mean_things'), 'mean things');
    assert.equal(displayLabel('__'), '__');
});


test('labels that every object has', () => {
    for (const label of ['constructor', '__proto__', 'toString']) {
        assert.equal(ofLabel({}, label, 0), 0);
        assert.equal(ofLabel(JSON.parse(`{"${label}":3}`), label, 0), 3);
        assert.equal(checkReadiness([label, 'kind'], { kind: 5 }, RULES).state,
            'examples');
    }
});


test('labels that cannot be', () => {
    assert.equal(checkLabel(' ', []), 'empty');
    assert.equal(checkLabel('水果', []), 'letters');
    assert.equal(checkLabel('x'.repeat(31), []), 'long');
    assert.equal(checkLabel('KIND', ['kind']), 'duplicate');
    assert.equal(checkLabel('a b', ['a_b']), 'duplicate');
    assert.equal(checkLabel('mean', ['kind']), null);
});


test('an example is one line', () => {
    assert.equal(cleanExample(' a\tb\r\n c '), 'a b c');
    assert.deepEqual(splitLines('one\r\n\n two \nthree'),
        ['one', 'two', 'three']);
});


test('duplicates are refused in their own label only', () => {
    const items = [{ label: 'kind', text: 'Well done' },
        { label: 'mean', text: 'go away' }];
    const sorted = sortExamples(
        ['well  DONE', 'nice', 'nice', 'Go away', ' '], 'kind', items);

    assert.deepEqual(sorted.accepted, ['nice', 'Go away']);
    assert.deepEqual(sorted.duplicates, ['well DONE', 'nice']);
    assert.deepEqual(sorted.elsewhere, [{ text: 'Go away', label: 'mean' }]);
});


test('examples that are too long or too many are refused', () => {
    const items = Array.from({ length: EXAMPLES_PER_PROJECT - 1 },
        (_, i) => ({ label: 'a', text: `text ${i}` }));
    const sorted = sortExamples(['x'.repeat(1001), 'one', 'two'], 'a', items);

    assert.equal(sorted.tooLong.length, 1);
    assert.deepEqual(sorted.accepted, ['one']);
    assert.deepEqual(sorted.overLimit, ['two']);
});


test('when there is enough to learn from', () => {
    const state = (labels, counts) =>
        checkReadiness(labels, counts, RULES).state;

    assert.equal(state([], {}), 'nothing');
    assert.equal(state(['a'], { a: 0 }), 'nothing');
    assert.equal(state(['a'], { a: 9 }), 'labels');
    assert.equal(state(['a', 'b'], { a: 4, b: 4 }), 'examples');
    assert.equal(state(['a', 'b'], { a: 5, b: 4 }), 'ready');
    assert.equal(state(['a', 'b'], { a: 9, b: 0 }), 'examples');
    assert.equal(state(['a', 'b', 'c'], { a: 5, b: 5, c: 0 }), 'ready');
    assert.deepEqual(checkReadiness(['a', 'b'], { a: 5, b: 2 }, RULES).weak,
        [{ label: 'b', count: 2, missing: 3 }]);
});
