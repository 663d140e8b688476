/*
 * A child's first ten minutes: opens the site, tries it without an account,
 * makes a text project, adds examples, trains, tests, opens Scratch and gets
 * the model's answer in a speech bubble; adds examples there and trains
 * again; saves and opens the file.  No other host is asked for anything.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { axeProblems, launch, until, visit } from './lib/browser.mjs';
import {
    editorReady, extensionIds, loadScript, pressFlag, runBlock, variable
} from './lib/editor.mjs';
import { options } from './lib/options.mjs';
import {
    addExamples, addLabel, ask, createProject, hook, openScratch, press,
    tryItNow, waitForModel
} from './lib/site.mjs';
import { steps } from './lib/steps.mjs';

const NAME = 'How do you feel?';

const EXAMPLES = {
    happy: [
        'I am so happy today', 'What a wonderful sunny day',
        'I love playing with my friends', 'This is the best birthday ever',
        'My puppy makes me smile', 'We won the game and cheered'
    ],
    sad: [
        'I feel very sad', 'I lost my favourite toy',
        'Nobody wants to play with me', 'I miss my grandmother so much',
        'My fish died and I cried', 'It rained and the picnic was cancelled'
    ]
};

/* of the page, what is the package's */
const EDITOR = ['#editor', '.blocklyComputeCanvas'];

const HAPPY = 'My friends make me smile every day';
const SAD = 'I cried because I lost my puppy';


async function picture(page, name) {
    if (options.screenshots) {
        fs.mkdirSync(options.screenshots, { recursive: true });
        await page.screenshot({
            path: path.join(options.screenshots, name + '.png'),
            animations: 'disabled'
        });
    }
}


test('ten minutes', async (t) => {
    const browser = await launch();
    const visitor = await visit(browser);
    const { context, calls, faults } = visitor;
    let { page } = visitor;
    let session;
    let project;
    let extension;
    let scratchAddress;
    let file;

    const step = steps(t, { page: () => page, folder: options.failures });
    const accessible = async (without) => assert.deepEqual(
        await axeProblems(page, { without }), []);
    const called = (method, pattern) => calls.filter(
        (call) => call.method === method && pattern.test(call.path));

    try {
        await step('opens the site', async () => {
            await page.goto(options.base + '/');
            await page.locator('h1').first().waitFor();
            await picture(page, 'start');
            await accessible();
        });

        await step('tries it without an account', async () => {
            session = await tryItNow(page, options.base);
            assert.match(session.id, /\S/);
            await picture(page, 'projects-empty');
            await accessible();
        });

        await step('makes a text project', async () => {
            project = await createProject(page, NAME);
            assert.equal(project.type, 'text');
            await picture(page, 'project');
            await accessible();
        });

        await step('makes two labels', async () => {
            await press(page, 'go-train');

            for (const label of Object.keys(EXAMPLES)) {
                await addLabel(page, label);
            }
            assert.equal(called('PATCH', /\/projects\/[^/]+$/).length, 2);
        });

        await step('types six examples for each', async () => {
            for (const [label, examples] of Object.entries(EXAMPLES)) {
                await addExamples(page, label, examples);
            }
            assert.deepEqual(
                called('POST', /\/training$/).map(({ status }) => status),
                new Array(12).fill(201));
            await picture(page, 'training');
            await accessible();
        });

        await step('trains', async () => {
            await press(page, 'go-models');
            await page.locator(hook('train-model')).waitFor();
            await accessible();
            await press(page, 'train-model');
            await waitForModel(page, 'Available');
        });

        await step('tests own sentences', async () => {
            const sad = await ask(page, SAD);
            const happy = await ask(page, HAPPY);

            assert.equal(sad.label, 'sad');
            assert.equal(happy.label, 'happy');
            assert.ok(happy.confidence > 50 && happy.confidence <= 100,
                `confidence ${happy.confidence}`);
            await picture(page, 'models');
            await accessible();
        });

        await step('opens Scratch with the blocks of the project', async () => {
            await press(page, 'go-makes');
            await page.locator(hook('open-scratch')).waitFor();
            await picture(page, 'makes');
            await accessible();

            page = await openScratch(page);
            await editorReady(page);
            scratchAddress = new URL(page.url());
            assert.equal(scratchAddress.pathname, '/scratch/');
            assert.match(scratchAddress.searchParams.get('url'),
                /\/api\/scratch\/[0-9a-f-]{72}\/extension3\.js$/);

            [extension] = await extensionIds(page);
            assert.equal(extension,
                'mlforkidstext' + project.id.replace(/-/g, ''));

            await page.getByText(NAME, { exact: true }).first().waitFor();
            await picture(page, 'scratch');
            await accessible(EDITOR);
        });

        await step('says what the model answers', async () => {
            await loadScript(page, extension, HAPPY);
            assert.equal(await pressFlag(page), 'happy');

            const sure = Number(await variable(page, 'sure'));

            assert.ok(sure > 50 && sure <= 100, `confidence ${sure}`);
            await picture(page, 'scratch-answer');

            await loadScript(page, extension, SAD);
            assert.equal(await pressFlag(page), 'sad');
            assert.deepEqual(
                called('GET', /\/api\/scratch\/[^/]+\/classify$/)
                    .map(({ status }) => status), [200, 200]);
        });

        await step('blocks give the names of labels and the status',
            async () => {
                assert.equal(
                    await runBlock(page, extension, 'return_label_0', {}),
                    'happy');
                assert.equal(
                    await runBlock(page, extension, 'return_label_1', {}),
                    'sad');
                assert.equal(
                    await runBlock(page, extension, 'checkModelStatus',
                        { STATUS: 'Ready' }), true);
                assert.equal(
                    await runBlock(page, extension, 'checkModelStatus',
                        { STATUS: 'Training' }), false);
            });

        await step('tells that a test text is a training example', async () => {
            const help = page.locator(
                '[data-help="mlforkids-recognisetext-training-help"]');

            await runBlock(page, extension, 'label',
                { TEXT: EXAMPLES.happy[0] });
            await help.waitFor();
            await accessible(EDITOR);
            await help.getByRole('button').click();
            assert.equal(await help.count(), 0);
        });

        await step('adds examples in Scratch and trains again', async () => {
            for (const [TEXT, LABEL] of [
                ['Ice cream on the beach is lovely', 'happy'],
                ['My best friend moved far away', 'sad'],
                ['This is stored nowhere', 'nosuchlabel']
            ]) {
                await runBlock(page, extension, 'addTraining',
                    { TEXT, LABEL });
            }
            await runBlock(page, extension, 'trainNewModel', {});

            assert.deepEqual(
                called('POST', /\/api\/scratch\/[^/]+\/train$/)
                    .map(({ status }) => status), [200, 200]);
            assert.deepEqual(
                called('POST', /\/api\/scratch\/[^/]+\/models$/)
                    .map(({ status }) => status), [200]);

            const root = scratchAddress.searchParams.get('url')
                .replace(/extension3\.js$/, '');

            await until(() => page.evaluate(async (address) => {
                const reply = await fetch(address);

                return (await reply.json()).status === 2;
            }, root + 'status'), 'the new model');

            const items = await page.evaluate(async (address) => (
                (await fetch(address, { cache: 'reload' })).json()
            ), root + 'train');

            assert.equal(items.length, 14);
        });

        await step('saves the project to a file', async () => {
            await page.getByRole('button', { name: 'File' }).click();

            const [download] = await Promise.all([
                page.waitForEvent('download'),
                page.getByText('Save to your computer').click()
            ]);

            file = await download.path();
            assert.match(download.suggestedFilename(), /\.sb3$/);
        });

        await step('opens the file in a fresh editor', async () => {
            await page.goto(options.base + '/scratch/');
            await editorReady(page);
            assert.deepEqual(await extensionIds(page), []);

            await page.getByRole('button', { name: 'File' }).click();

            const [chooser] = await Promise.all([
                page.waitForEvent('filechooser'),
                page.getByText('Load from your computer').click()
            ]);

            await chooser.setFiles({
                name: 'mine.sb3', mimeType: 'application/x.scratch.sb3',
                buffer: fs.readFileSync(file)
            });
            await until(async () => (await extensionIds(page)).length,
                'the blocks of the file');
            assert.deepEqual(await extensionIds(page), [extension]);
            assert.equal(await pressFlag(page), 'sad');
            assert.equal(await page.locator('[data-help]').count(), 0);
        });

        await step('offers the source of the page', async () => {
            const [source] = await Promise.all([
                context.waitForEvent('page'),
                page.locator('#about-source').click()
            ]);

            await source.getByRole('heading', { level: 1 }).waitFor();
            page = source;
            await accessible();

            for (const link of await source.locator(
                'a[href]:not([href^="http"])').all())
            {
                const address = new URL(
                    await link.getAttribute('href'), source.url());
                const reply = await context.request.head(address.href);

                assert.equal(reply.status(), 200, address.href);
            }
        });

        await step('nothing went wrong on the way', () => {
            assert.deepEqual(faults, []);
        });

    } finally {
        await browser.close();
    }
});
