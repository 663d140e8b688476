/* Drives the Scratch editor on the page, by the page's global `Scratch`. */

import { until } from './browser.mjs';


export async function editorReady(page) {
    await page.waitForSelector('body[data-ready="true"]');
}


/* The ids of the machine learning extensions that are loaded. */
export function extensionIds(page) {
    return page.evaluate(() => [
        ...window.Scratch.vm.extensionManager._loadedExtensions.keys()
    ].filter((id) => id.startsWith('mlforkids')));
}


/*
 * Blocks under the green flag: say what the model answers for text, then
 * keep label and confidence in variables.  Loaded as a file would be.
 */
export async function loadScript(page, id, text) {
    await page.evaluate(async ({ extension, words }) => {
        const { vm } = window.Scratch;
        const project = JSON.parse(vm.toJSON());
        const sprite = project.targets.find(({ isStage }) => !isStage);
        const stage = project.targets.find(({ isStage }) => isStage);
        const block = (opcode, next, parent, inputs, more = {}) => ({
            opcode, next, parent, inputs, fields: {}, shadow: false,
            topLevel: false, ...more
        });
        const ask = (name, parent) => block(`${extension}_${name}`, null,
            parent, { TEXT: [1, [10, words]] });

        stage.variables = { sure: ['sure', 0] };
        sprite.blocks = {
            flag: block('event_whenflagclicked', 'set', null, {},
                { topLevel: true, x: 60, y: 60 }),
            set: block('data_setvariableto', 'say', 'flag',
                { VALUE: [3, 'confidence', [10, '0']] },
                { fields: { VARIABLE: ['sure', 'sure'] } }),
            confidence: ask('confidence', 'set'),
            say: block('looks_say', null, 'set',
                { MESSAGE: [3, 'label', [10, 'Hello!']] }),
            label: ask('label', 'say')
        };
        project.extensions = [extension];

        await vm.loadProject(JSON.stringify(project));
    }, { extension: id, words: text });
}


/* What stands in the bubble of the sprite that is shown on the stage. */
export function bubble(page) {
    return page.evaluate(() => {
        const { runtime } = window.Scratch.vm;
        const sprite = runtime.targets.find(({ isStage }) => !isStage);
        const state = sprite && sprite.getCustomState('Scratch.looks');

        return state && state.drawableId !== null
            && runtime.renderer._allDrawables[state.drawableId]
            && runtime.renderer._allDrawables[state.drawableId]._visible
            ? state.text : '';
    });
}


export function variable(page, name) {
    return page.evaluate((wanted) => {
        const stage = window.Scratch.vm.runtime.getTargetForStage();

        return Object.values(stage.variables)
            .find((one) => one.name === wanted).value;
    }, name);
}


/* Presses the green flag; resolves to what is then said. */
export async function pressFlag(page) {
    await page.click('img[class*="green-flag"], [class*="green-flag"] img');
    return until(() => bubble(page), 'a speech bubble');
}


/* Runs one block as the editor would, with these arguments. */
export function runBlock(page, id, opcode, args) {
    return page.evaluate(({ name, values }) => (
        window.Scratch.vm.runtime.getOpcodeFunction(name)(values, {})
    ), { name: `${id}_${opcode}`, values: args });
}
