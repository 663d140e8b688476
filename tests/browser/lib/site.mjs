/* What a child does on the site, by the hooks that its pages carry. */

import { DEADLINE } from './browser.mjs';


export function hook(name) {
    return `[data-test="${name}"]`;
}


export async function press(page, name) {
    await page.locator(hook(name)).first().click();
}


/*
 * Opens the site and starts a visit without an account; resolves to the
 * server's answer {id, jwt, ...}.
 */
export async function tryItNow(page, base) {
    await page.goto(base + '/');

    if (!await page.locator(hook('try-it-now')).count()) {
        await page.locator(`${hook('try-it-now')}, ${hook('start')}`).first()
            .waitFor();
    }
    if (!await page.locator(hook('try-it-now')).count()) {
        await press(page, 'start');
    }

    const [reply] = await Promise.all([
        page.waitForResponse((response) => (
            response.url().endsWith('/api/sessionusers')
        )),
        press(page, 'try-it-now')
    ]);

    if (reply.status() !== 201) {
        throw new Error('no session: ' + reply.status());
    }

    await page.locator(hook('new-project')).first().waitFor();
    return reply.json();
}


/* Leaves the page of the new project open. */
export async function createProject(page, name) {
    await press(page, 'new-project');
    await page.fill(hook('project-name'), name);

    const [reply] = await Promise.all([
        page.waitForResponse((response) => (
            response.request().method() === 'POST'
            && response.url().endsWith('/projects')
        )),
        press(page, 'create-project')
    ]);

    if (reply.status() !== 201) {
        throw new Error('no project: ' + reply.status());
    }

    await page.locator(`${hook('go-train')}, ${hook('open-project')}`).first()
        .waitFor();
    if (!await page.locator(hook('go-train')).count()) {
        await press(page, 'open-project');
    }
    await page.locator(hook('go-train')).waitFor();

    return reply.json();
}


export async function addLabel(page, label) {
    const stored = page.waitForResponse((response) => (
        response.request().method() === 'PATCH'
    ));

    await press(page, 'add-label');
    await page.fill(hook('label-name'), label);
    await press(page, 'label-save');
    await page.locator(hook(`example-input-${label}`)).waitFor();
    await stored;
}


/* Types examples, waiting until the server has each. */
export async function addExamples(page, label, examples) {
    for (const example of examples) {
        const stored = page.waitForResponse((response) => (
            response.request().method() === 'POST'
            && response.url().endsWith('/training')
        ));

        await page.fill(hook(`example-input-${label}`), example);
        await press(page, `example-add-${label}`);

        const { status } = await stored.then(
            (response) => ({ status: response.status() }));

        if (status !== 201) {
            throw new Error(`example not stored: ${status}`);
        }
    }
}


export async function waitForModel(page, status, deadline = DEADLINE) {
    await page.locator(`${hook('model-status')}[data-status="${status}"]`)
        .waitFor({ timeout: deadline });
}


/* Asks the model on the page; resolves to {label, confidence}. */
export async function ask(page, text) {
    await page.fill(hook('test-text'), text);

    const [reply] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith('/label')),
        press(page, 'test-run')
    ]);
    const [best] = await reply.json();
    const answer = page.locator(hook('test-answer')).filter({ hasText: text });

    await answer.waitFor();

    const shown = {
        label: await answer.getAttribute('data-label'),
        confidence: Number(await answer.getAttribute('data-confidence'))
    };

    if (shown.label !== best.class_name
        || shown.confidence !== best.confidence)
    {
        throw new Error('the page shows another answer than it got');
    }
    return shown;
}


/* Follows the link into Scratch; resolves to the page that opens. */
export async function openScratch(page) {
    const [opened] = await Promise.all([
        page.context().waitForEvent('page'),
        press(page, 'open-scratch')
    ]);

    return opened;
}
