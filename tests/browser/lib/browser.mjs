/*
 * Debian's Chromium, watched: what it asks of other hosts, what it complains
 * about, what a page may not do.
 */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODULES = process.env.MLFORKIDS_BROWSER_MODULES
    || path.join(ROOT, 'build/npm/browser');

const require = createRequire(path.join(MODULES, 'package.json'));
const { chromium } = require('playwright-core');
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = [
    '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync',
    /* the stage is drawn by WebGL, here without a graphics card */
    '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    /* no name but this machine's is ever looked up */
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , '
        + 'EXCLUDE localhost'
];

/* Lines on the console that are no fault, each with its reason. */
const HARMLESS = [
    /* the editor starts its sound before a child has pressed anything */
    /AudioContext was not allowed to start/
];

/* Longest wait for anything that a page does, in milliseconds. */
export const DEADLINE = 120000;


function isHere(address) {
    const { protocol, hostname } = new URL(address);

    return ['data:', 'blob:', 'about:'].includes(protocol)
        || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}


function chromiumPath() {
    const found = [process.env.CHROMIUM, '/usr/bin/chromium']
        .find((file) => file && fs.existsSync(file));

    if (!found) {
        throw new Error('Chromium is missing: apt install chromium');
    }
    return found;
}


/* As root Chromium runs only without its sandbox. */
export async function launch() {
    const options = { executablePath: chromiumPath(), args: FLAGS };

    if (process.getuid() !== 0) {
        try {
            return await chromium.launch({ ...options, chromiumSandbox: true });
        } catch (error) {
            process.stderr.write('# Chromium has no sandbox here: '
                                 + error.message.split('\n')[0] + '\n');
        }
    }

    return chromium.launch({ ...options, chromiumSandbox: false });
}


/*
 * A visitor's own browser window.  faults collects what must not happen:
 * errors of scripts, errors on the console, requests to other hosts, dialogs.
 * expected: further patterns of console lines that are right in this test.
 */
export async function visit(browser, { viewport, expected = [] } = {}) {
    const context = await browser.newContext({
        viewport: viewport || { width: 1280, height: 800 },
        acceptDownloads: true,
        locale: 'en-GB'
    });
    const faults = [];
    const calls = [];

    context.setDefaultTimeout(DEADLINE);

    await context.route((url) => !isHere(url.href), (route) => {
        route.abort();
    });

    context.on('request', (request) => {
        if (!isHere(request.url())) {
            faults.push('request to ' + request.url());
        }
    });

    context.on('response', (response) => {
        const url = new URL(response.url());

        if (url.pathname.startsWith('/api')) {
            calls.push({
                method: response.request().method(),
                path: url.pathname,
                status: response.status()
            });
        }
    });

    context.on('page', (page) => {
        page.on('pageerror', (error) => {
            faults.push('script error: ' + error.message);
        });
        page.on('console', (line) => {
            const text = line.text();

            if (line.type() === 'error'
                && ![...HARMLESS, ...expected].some((one) => one.test(text)))
            {
                faults.push(`console of ${new URL(page.url()).pathname}: `
                            + `${text} (${line.location().url})`);
            }
        });
        page.on('websocket', (socket) => {
            if (!isHere(socket.url().replace(/^ws/, 'http'))) {
                faults.push('socket to ' + socket.url());
            }
        });
        page.on('dialog', (dialog) => {
            /* the editor asks before work that is not saved is left */
            if (dialog.type() === 'beforeunload') {
                dialog.accept();
                return;
            }
            faults.push('dialog: ' + dialog.message());
            dialog.dismiss();
        });
    });

    return { context, faults, calls, page: await context.newPage() };
}


/* What axe finds wrong on a page, a line each. */
export async function axeProblems(page, { without = [] } = {}) {
    /* not as a script element: the page's policy forbids that, rightly */
    await page.evaluate(AXE);

    const { violations } = await page.evaluate((left) => window.axe.run(
        { exclude: left.map((one) => [one]) },
        { resultTypes: ['violations'] }), without);

    return violations.flatMap(({ id, nodes }) => nodes.map(
        ({ target, failureSummary }) => `${id} at ${target.join(' ')}: `
            + failureSummary.replace(/\s+/g, ' ')));
}


/* Waits until probe() gives something true, which it returns. */
export async function until(probe, what, deadline = DEADLINE) {
    const end = Date.now() + deadline;

    for (;;) {
        const value = await probe();

        if (value) {
            return value;
        }
        if (Date.now() > end) {
            throw new Error('waited in vain for ' + what);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
