// The stores, against an interface whose every answer the test gives.

import assert from 'node:assert/strict';
import test from 'node:test';
import { createStorage } from '../../web/site/src/lib/storage.js';
import { createExamples } from '../../web/site/src/state/examples.js';
import { createModel, hasChanged, modelStatus }
    from '../../web/site/src/state/model.js';
import { createSession } from '../../web/site/src/state/session.js';
import { text } from '../../web/site/src/types/text.js';

const project = { id: 'p', userid: 'u', classid: 'c', labels: ['a'] };


function memory() {
    const values = new Map();

    return createStorage(() => ({
        getItem: (key) => values.get(key) ?? null,
        setItem: (key, value) => values.set(key, value),
        removeItem: (key) => values.delete(key),
    }));
}


function refuse(kind) {
    return Promise.reject(Object.assign(new Error(kind), { kind }));
}


async function openExamples(api, items = []) {
    const errors = [];
    const examples = createExamples({
        api: { listExamples: async () => ({ items, total: items.length }),
               ...api },
        project, type: text,
        onError: (error, subject) => errors.push([error.kind, subject]),
    });

    await examples.reload();
    return { examples, errors };
}


test('storage falls back to memory', () => {
    const storage = createStorage(() => {
        throw new Error('refused');
    });

    storage.write('x', { a: 1 });
    assert.deepEqual(storage.read('x'), { a: 1 });
    storage.remove('x');
    assert.equal(storage.read('x'), null);
    storage.write('a.1', 1);
    storage.write('b.1', 1);
    storage.removeAll('a.');
    assert.equal(storage.read('a.1'), null);
    assert.equal(storage.read('b.1'), 1);
});


test('a session ends when its time is up', () => {
    let now = 1000;
    let timer;
    const options = {
        storage: memory(), now: () => now,
        setTimer: (run, ms) => (timer = { run, ms }), clearTimer: () => {},
    };
    const session = createSession(options);

    session.start({ id: 'u', jwt: 'j',
                    sessionExpiry: new Date(61000).toISOString() });
    assert.equal(session.get().user.token, 'j');
    assert.equal(timer.ms, 60000);

    const second = createSession(options);
    second.restore();
    assert.equal(second.get().user.userid, 'u');

    timer.run();
    assert.equal(second.get().user, null);
    assert.equal(second.get().ended, 'expired');

    session.start({ id: 'u', jwt: 'j',
                    sessionExpiry: new Date(61000).toISOString() });
    now = 61000;
    const late = createSession(options);
    late.restore();
    assert.deepEqual(late.get(), { user: null, ended: 'expired' });
});


test('an example is shown before the server has it', async () => {
    const { examples, errors } = await openExamples({
        addExample: async (_, data, label) =>
            ({ id: '7', textdata: data, label }),
    });
    const done = examples.add('a', ['one']);

    assert.equal(examples.get().items[0].pending, true);
    assert.equal(await done, true);
    assert.deepEqual(examples.get().items,
        [{ id: '7', label: 'a', text: 'one' }]);
    assert.deepEqual(errors, []);
});


test('examples that are refused are kept to be tried again', async () => {
    let calls = 0;
    const { examples, errors } = await openExamples({
        addExample: () => {
            calls++;
            return refuse('conflict');
        },
    });

    assert.equal(await examples.add('a', ['one', 'two']), false);
    assert.equal(calls, 1);
    assert.deepEqual(examples.get().items, []);
    assert.deepEqual(errors, []);
    assert.equal(examples.get().unsaved.a.error.kind, 'conflict');
    assert.deepEqual(examples.takeUnsaved('a'), ['one', 'two']);
    assert.deepEqual(examples.takeUnsaved('a'), []);
});


test('an example that cannot be removed comes back to its place', async () => {
    const rows = ['1', '2', '3'].map((id) =>
        ({ id, textdata: `t${id}`, label: 'a' }));
    const { examples, errors } = await openExamples(
        { removeExample: () => refuse('server') }, rows);
    const done = examples.remove(examples.get().items[1]);

    assert.deepEqual(examples.get().items.map((i) => i.id), ['1', '3']);
    assert.equal(await done, false);
    assert.deepEqual(examples.get().items.map((i) => i.id), ['1', '2', '3']);
    assert.deepEqual(errors, [['server', 'example']]);
});


test('the server has the last word on labels', async () => {
    const { examples } = await openExamples({
        addLabel: async () => ['a', 'b_c', 'from_elsewhere'],
    });
    const done = examples.addLabel('b c');

    assert.deepEqual(examples.get().labels, ['a', 'b_c']);
    await done;
    assert.deepEqual(examples.get().labels, ['a', 'b_c', 'from_elsewhere']);
});


test('a label that is refused goes away, one not removed comes back',
    async () => {
        const { examples, errors } = await openExamples({
            addLabel: () => refuse('invalid'),
            removeLabel: () => refuse('offline'),
        }, [{ id: '1', textdata: 't', label: 'a' }]);

        await examples.addLabel('b');
        assert.deepEqual(examples.get().labels, ['a']);

        const done = examples.removeLabel('a');
        assert.deepEqual(examples.get().items, []);
        await done;
        assert.deepEqual(examples.get().labels, ['a']);
        assert.equal(examples.get().items.length, 1);
        assert.deepEqual(errors, [['invalid', 'label'], ['offline', 'label']]);
    });


function modelApi(statuses) {
    return {
        countExamples: async () => ({ a: 6 }),
        listModels: async () => {
            const status = statuses.length > 1
                ? statuses.shift() : statuses[0];
            return status ? [{ classifierid: 'm', status }] : [];
        },
        trainModel: async () => ({ classifierid: 'm', status: 'Training' }),
    };
}


function until(store, ready) {
    return new Promise((resolve) => {
        const look = () => ready(store.get()) && (stop(), resolve());
        const stop = store.subscribe(look);
        look();
    });
}


test('training is watched until it is over, quickly at first', async () => {
    const pauses = [];
    const model = createModel({
        api: modelApi([null, 'Training', 'Training', 'Available']),
        project, storage: memory(),
        wait: async (ms) => pauses.push(ms),
    });

    await model.reload();
    assert.equal(model.get().status, 'none');
    assert.equal(model.get().usable, false);

    await model.train();
    await until(model, ({ status }) => status === 'Available');
    assert.deepEqual(pauses, [500, 1000, 2000]);
    assert.equal(model.get().usable, true);
    assert.equal(hasChanged(model.get()), false);
    assert.equal(hasChanged({ ...model.get(), counts: { a: 7 } }), true);
});


test('the old model stays in use while a new one is trained', async () => {
    let release;
    const model = createModel({
        api: modelApi(['Available']), project, storage: memory(),
        wait: () => new Promise((resolve) => (release = resolve)),
    });

    await model.reload();
    await model.train();
    assert.equal(model.get().status, 'Training');
    assert.equal(model.get().usable, true);
    release();
    await until(model, ({ status }) => status === 'Available');
});


test('an order to train that is refused leaves the state', async () => {
    const model = createModel({
        api: { ...modelApi([null]), trainModel: () => refuse('busy') },
        project, storage: memory(), wait: async () => {},
    });

    await model.reload();
    await model.train();
    assert.equal(model.get().problem.kind, 'busy');
    assert.equal(model.get().status, 'none');
    assert.equal(model.get().starting, false);
});


test('unknown states of a model are failures', () => {
    assert.equal(modelStatus(null), 'none');
    assert.equal(modelStatus({ status: 'Training' }), 'Training');
    assert.equal(modelStatus({ status: 'Non Existent' }), 'Failed');
});
