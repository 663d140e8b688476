/*
 * Names and labels that would like to be scripts, and addresses that are not
 * this site's: no script runs, blocks load and work, and what is refused is
 * explained.
 */

import assert from 'node:assert/strict';
import test from 'node:test';

import { launch, until, visit } from './lib/browser.mjs';
import {
    editorReady, extensionIds, loadScript, pressFlag, runBlock
} from './lib/editor.mjs';
import { options } from './lib/options.mjs';
import { createProject, hook, openScratch, press, tryItNow }
    from './lib/site.mjs';
import { steps } from './lib/steps.mjs';

/* a name may have 36 characters from U+0020 to U+25A0, a label 30 of any */
const NAME = '</script><b x="\'\\\u2028\u0645\u0631\u062D[X]%1';
const LABELS = [
    '</script><script>hacked=1//',
    '"><img src onerror=hacked=2>',
    "'+(hacked=3)+'",
    '\\',
    'a\u2028b\u2029c',
    '\u{1F389}\u{1F916}',
    '\u0645\u0631\u062D\u0628\u0627',
    '[TEXT] %1 %%',
    '&lt;i&gt;',
    '__proto__',
    'constructor'
];

const EXPECTED = [
    /* scripts and pictures that are not there are what is tried here */
    /Failed to load resource: the server responded with a status of (404|503)/,
    /* what the server says instead of a script is JSON, and not run */
    /Refused to execute script from '[^']*\/api\/scratch\//
];


function hacked(page) {
    return page.evaluate(() => window.hacked);
}


test('hostile names and labels', async (t) => {
    const browser = await launch();
    const visitor = await visit(browser);
    const { faults } = visitor;
    let { page } = visitor;
    let session;
    let project;
    let extension;
    const step = steps(t, { page: () => page, folder: options.failures });

    const api = (method, path, body) => page.evaluate(
        async ({ how, where, what, token }) => {
            const reply = await fetch(where, {
                method: how,
                headers: {
                    'Authorization': `Bearer ${token}`,
                    'Content-Type': 'application/json'
                },
                body: JSON.stringify(what)
            });

            return { status: reply.status, json: await reply.json() };
        }, { how: method, where: path, what: body, token: session.jwt });

    try {
        await step('a project with a hostile name', async () => {
            session = await tryItNow(page, options.base);
            project = await createProject(page, NAME);
            assert.equal(project.name, NAME.trim());
        });

        await step('hostile labels are stored as they are', async () => {
            const reply = await api('PATCH',
                `/api/classes/${project.classid}/students/${project.userid}`
                + `/projects/${project.id}`,
                [{ op: 'replace', path: '/labels', value: LABELS }]);

            assert.equal(reply.status, 200, JSON.stringify(reply.json));
            assert.deepEqual(reply.json, LABELS);
        });

        await step('the site shows them as text', async () => {
            await press(page, 'go-train');
            await page.reload();

            for (const label of LABELS) {
                const input = page.locator('input').and(page.locator(
                    `[data-test=${JSON.stringify('example-input-' + label)
                        .replace(/[\u2028\u2029]/g, (c) => '\\'
                            + c.charCodeAt(0).toString(16) + ' ')}]`));

                await input.waitFor();
            }
            assert.equal(await hacked(page), undefined);
        });

        await step('the blocks load', async () => {
            await page.goto(options.base + `/#!/mlproject/${project.userid}/`
                            + `${project.id}/makes`);
            await page.locator(hook('open-scratch')).waitFor();
            page = await openScratch(page);
            await editorReady(page);

            [extension] = await extensionIds(page);
            assert.equal(extension,
                'mlforkidstext' + project.id.replace(/-/g, ''));
            assert.equal(await hacked(page), undefined);
        });

        await step('each label is in the palette and gives its name',
            async () => {
                for (const [i, label] of LABELS.entries()) {
                    assert.equal(await runBlock(page, extension,
                        'return_label_' + i, {}), label);
                }
                await page.getByText(LABELS[0].slice(0, 12)).first().waitFor();
                assert.equal(await page.locator('[onerror]').count(), 0);
            });

        await step('without a model the answer is a label, with help',
            async () => {
                await loadScript(page, extension, 'anything');
                assert.ok(LABELS.includes(await pressFlag(page)));
                await page.locator(
                    '[data-help="mlforkids-recognisetext-nomodel"]').waitFor();
                assert.equal(await hacked(page), undefined);
            });

        await step('nothing went wrong on the way', () => {
            assert.deepEqual(faults, []);
        });

    } finally {
        await browser.close();
    }
});


test('addresses and files that are not of this site', async (t) => {
    const browser = await launch();
    const { page, faults } = await visit(browser, { expected: EXPECTED });
    const step = steps(t, { page: () => page, folder: options.failures });
    const problem = async () => {
        const dialog = page.locator('dialog[open]');

        await dialog.waitFor();
        return dialog.getAttribute('data-problem');
    };
    const open = (address) => page.goto(options.base + '/scratch/?url='
        + encodeURIComponent(address));

    try {
        for (const address of [
            'https://other.example/api/scratch/key/extension3.js',
            '//other.example/api/scratch/key/extension3.js',
            'javascript:hacked=1',
            'data:text/javascript,hacked=1',
            '/api/sitealerts/public',
            '/scratch/page.js',
            'http://[',
            '/api/scratch/key/extension3.js/../../../../scratch/page.js'
        ]) {
            await step('refused: ' + address, async () => {
                await open(address);
                assert.equal(await problem(), 'foreign');
                assert.equal(await hacked(page), undefined);
                assert.deepEqual(await extensionIds(page), []);
            });
        }

        await step('a key that nobody has', async () => {
            await open('/api/scratch/' + '0'.repeat(72) + '/extension3.js');
            assert.equal(await problem(), 'unknownKey');
            await page.locator('dialog button').first().click();
            await editorReady(page);
        });

        await step('a file with blocks of other projects opens with blocks '
                   + 'that stand in', async () => {
            await page.evaluate(async () => {
                const { vm } = window.Scratch;
                const file = JSON.parse(vm.toJSON());
                const sprite = file.targets.find(({ isStage }) => !isStage);
                const id = 'mlforkidstextffff';

                sprite.blocks = {
                    a: {
                        opcode: 'event_whenflagclicked', next: 'b',
                        parent: null, inputs: {}, fields: {}, shadow: false,
                        topLevel: true, x: 0, y: 0
                    },
                    b: {
                        opcode: id + '_addTraining', next: 'c', parent: 'a',
                        inputs: { TEXT: [1, [10, 'x']], LABEL: [1, 'm'] },
                        fields: {}, shadow: false, topLevel: false
                    },
                    m: {
                        opcode: id + '_menu_labels', next: null, parent: 'b',
                        inputs: {}, fields: { labels: ['<b>', null] },
                        shadow: true, topLevel: false
                    },
                    c: {
                        opcode: 'looks_say', next: null, parent: 'b',
                        inputs: { MESSAGE: [3, 'd', [10, 'x']] }, fields: {},
                        shadow: false, topLevel: false
                    },
                    d: {
                        opcode: 'operator_join', next: null, parent: 'c',
                        inputs: {
                            STRING1: [1, [10, 'still ']],
                            STRING2: [3, 'e', [10, 'x']]
                        },
                        fields: {}, shadow: false, topLevel: false
                    },
                    e: {
                        opcode: id + '_checkModelStatus', next: null,
                        parent: 'd', inputs: {},
                        fields: { STATUS: ['Ready', null] }, shadow: false,
                        topLevel: false
                    }
                };
                file.extensions = [id];
                file.extensionURLs = [
                    'https://other.example/api/scratch/k/extension3.js',
                    '/api/scratch/nosuchkey/extension3.js'
                ];
                await vm.loadProject(JSON.stringify(file));
            });

            await page.locator('[data-help="inert"]').waitFor();
            assert.equal(await pressFlag(page), 'still false');
        });

        await step('a server that is away, and back again', async () => {
            const script = '**/api/scratch/*/extension3.js';

            await page.context().route(script, (route) => route.fulfill(
                { status: 503, body: '{}' }));
            await open('/api/scratch/' + '0'.repeat(72) + '/extension3.js');
            assert.equal(await problem(), 'serverAway');

            await page.context().unroute(script);
            await page.getByRole('button', { name: 'Try again' }).click();
            await page.locator('dialog[data-problem="unknownKey"]').waitFor();
        });

        await step('an editor that is not installed', async () => {
            const script = '**/scratch/scratch-gui-standalone.js';

            await page.context().route(script, (route) => route.fulfill(
                { status: 404, body: '' }));
            await page.goto(options.base + '/scratch/');
            assert.equal(await problem(), 'notInstalled');
            await page.context().unroute(script);
            await page.goto(options.base + '/scratch/');
            await editorReady(page);
        });

        await step('another host is not asked, even by hand', async () => {
            const refused = await page.evaluate(
                () => fetch('https://other.example/').then(
                    () => false, (error) => error.name));

            assert.equal(refused, 'TypeError');
        });

        await step('pictures of the library that are not here are explained',
            async () => {
                await page.getByRole('button', { name: 'Choose a Sprite' })
                    .first().click();
                await until(() => page.locator('[data-help="library"]').count(),
                    'the explanation');
            });

        await step('nothing went wrong on the way', () => {
            assert.deepEqual(faults, []);
        });

    } finally {
        await browser.close();
    }
});
