/*
 * The extension script of text projects, run as the server sends it, in a
 * bare context that has only what the script may use: once as in the page,
 * once as in a worker.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';

const SCRIPT = fs.readFileSync(
    new URL('../../web/scratch/extensions/text.js', import.meta.url), 'utf8');
const SITE = 'http://127.0.0.1:8000';
const KEY = SITE + '/api/scratch/key';
const START = Date.parse('2026-01-01T00:00:00Z');
const MODEL_TIME = '2025-12-31T23:00:00.000Z';

const HOSTILE = [
    '</script><script>hacked = 1</script>', "'); hacked = 1; ('", '\\', '"',
    'a\u2028b\u2029c', '\u{1F389}', '\u0645\u0631\u062D\u0628\u0627', '[X] %1',
    '${hacked = 1}', '*/ hacked = 1 /*', '__proto__', '\uD83C'
];


/* As the server escapes JSON for scripts. */
function escaped(data) {
    return JSON.stringify(data).replace(/</g, '\\u003c')
        .replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029');
}


function projectOf(changes = {}) {
    return {
        id: '0123456789abcdef0123456789abcdef',
        name: 'Fruit & <veg>',
        labels: ['fruit', 'root_vegetable'],
        storage: 'cloud',
        projectid: '01234567-89ab-cdef-0123-456789abcdef',
        urls: {
            classify: KEY + '/classify', status: KEY + '/status',
            train: KEY + '/train', models: KEY + '/models'
        },
        ...changes
    };
}


/*
 * Runs the script.  replies: path after the key (with method if not GET) ->
 * function of the request, or [status, body].  place: 'page' or 'worker'.
 */
function run({ project = projectOf(), replies = {}, place = 'page' } = {}) {
    const world = {
        requests: [], posted: [], time: START, extension: null, replies
    };
    let listener;

    class FakeDate extends Date {
        constructor(...args) {
            super(...(args.length ? args : [world.time]));
        }
        static now() {
            return world.time;
        }
    }

    const context = vm.createContext({
        Date: FakeDate,
        hacked: 0,
        Scratch: {
            ArgumentType: { STRING: 'string' },
            BlockType: {
                BOOLEAN: 'Boolean', COMMAND: 'command', REPORTER: 'reporter'
            },
            extensions: {
                register(extension) {
                    world.extension = extension;
                }
            }
        },
        postMessage(message) {
            world.posted.push(JSON.parse(JSON.stringify(message)));
        },
        addEventListener(type, handler) {
            assert.equal(type, 'message');
            listener = handler;
        },
        async fetch(url, { method = 'GET', headers, body }) {
            const path = url.slice(KEY.length).split('?')[0];
            const request = {
                url, method, headers,
                body: body === undefined ? undefined : JSON.parse(body)
            };
            const key = method === 'GET' ? path : method + ' ' + path;
            const made = world.replies[key];

            world.requests.push(request);

            if (made instanceof Error) {
                throw made;
            }

            const [status, reply]
                = typeof made === 'function' ? made(request)
                    : made || [200, []];

            return {
                status,
                ok: status >= 200 && status < 300,
                json: async () => JSON.parse(JSON.stringify(reply))
            };
        }
    });
    const self = vm.runInContext('globalThis', context);

    world.send = (data, from = {}) => listener(place === 'worker'
        ? { data, origin: '', source: null, ...from }
        : { data, origin: SITE, source: self, ...from });
    world.calls = (path) => world.requests.filter(
        ({ url }) => url.slice(KEY.length).split('?')[0] === path);
    /* a copy, since objects of another context are never deeply equal */
    world.info = () => JSON.parse(
        JSON.stringify(world.extension.getInfo()));
    world.hacked = () => vm.runInContext('hacked', context);
    world.later = async (seconds = 0) => {
        world.time += seconds * 1000;
        await new Promise(setImmediate);
    };

    vm.runInContext('(function (project) {\n' + SCRIPT + '\n})('
                    + escaped(project) + ');\n', context);
    return world;
}


function answer(label = 'fruit', confidence = 82, more = {}) {
    return () => [200, [
        {
            class_name: label, confidence, classifierTimestamp: MODEL_TIME,
            ...more
        },
        { class_name: 'other', confidence: 100 - confidence }
    ]];
}


test('identity, blocks and menus that saved projects depend on', () => {
    const world = run();
    const { extension } = world;
    const info = world.info();

    assert.equal(info.id, 'mlforkidstext0123456789abcdef0123456789abcdef');
    assert.equal(extension.constructor.name, 'MachineLearningText');
    assert.equal(info.name, 'Fruit    veg');
    assert.deepEqual([info.color1, info.color2, info.color3],
        ['#4B4A60', '#707070', '#4c97ff']);
    assert.match(info.menuIconURI, /^data:image\/png;base64,iVBOR/);
    assert.equal(info.blockIconURI, info.menuIconURI);

    assert.deepEqual(info.blocks.map(({ opcode }) => opcode), [
        'label', 'confidence', 'return_label_0', 'return_label_1',
        'addTraining', 'trainNewModel', 'checkModelStatus'
    ]);
    assert.deepEqual(info.blocks.map(({ blockType }) => blockType), [
        'reporter', 'reporter', 'reporter', 'reporter', 'command', 'command',
        'Boolean'
    ]);
    assert.deepEqual(info.blocks.map((block) => Object.keys(block.arguments)), [
        ['TEXT'], ['TEXT'], [], [], ['TEXT', 'LABEL'], [], ['STATUS']
    ]);
    assert.deepEqual(
        info.blocks.filter(({ text }) => text.id).map(({ text }) => text.id), [
            'mlforkids.text.recogniseLabel',
            'mlforkids.text.recogniseConfidence',
            'mlforkids.text.addTraining',
            'mlforkids.text.trainNewModel',
            'mlforkids.text.checkModelStatus'
        ]);

    assert.deepEqual(Object.keys(info.menus), ['labels', 'statuses']);
    assert.equal(info.menus.labels.acceptReporters, true);
    assert.deepEqual(info.menus.labels.items.map(({ value }) => value),
        ['fruit', 'root_vegetable']);
    assert.deepEqual(
        Object.fromEntries(info.menus.statuses.items.map(
            ({ value, text }) => [value, text])),
        {
            'Ready': 'ready to use',
            'Training': 'still training',
            'Model Failed': 'ERROR - broken',
            'Model Non Existent': 'ERROR - non-existent'
        });

    assert.equal(extension.return_label_1(), 'root_vegetable');
});


for (const place of ['page', 'worker']) {
    test(`hostile names and labels are data only, in a ${place}`, () => {
        const world = run({
            place,
            project: projectOf({ name: HOSTILE.join(' '), labels: HOSTILE })
        });
        const info = world.info();

        assert.equal(world.hacked(), 0);

        HOSTILE.forEach((label, i) => {
            assert.equal(world.extension['return_label_' + i](), label);
        });
        assert.deepEqual(info.menus.labels.items.map(({ value }) => value),
            HOSTILE);
        assert.doesNotMatch(info.name, /[&<>"\u0000-\u001F]/);

        /* in the text of a block [..] and %1 would be arguments */
        info.blocks.slice(2, 2 + HOSTILE.length).forEach(({ text }) => {
            assert.doesNotMatch(text.replace(/%%/g, ''), /[[\]%]/);
        });
    });
}


test('names that hold nothing, ids that hold anything', () => {
    const world = run({
        project: projectOf({ name: '<\u0000>', labels: [], id: 'a/b"-1' })
    });
    const info = world.info();

    assert.equal(info.name, 'text');
    assert.equal(info.id, 'mlforkidstextab1');
    assert.equal(info.menus.labels.items.length, 1);
});


test('label and confidence of a text, by one request', async () => {
    const world = run({ replies: { '/classify': answer() } });
    const [label, confidence] = await Promise.all([
        world.extension.label({ TEXT: 'an\tapple & pear\r\n' }),
        world.extension.confidence({ TEXT: 'an apple & pear' })
    ]);
    const [request, ...more] = world.calls('/classify');

    assert.equal(label, 'fruit');
    assert.equal(confidence, 82);
    assert.equal(more.length, 0);
    assert.equal(request.url,
        KEY + '/classify?data=an%20apple%20%26%20pear');
    assert.equal(request.headers['If-Modified-Since'],
        '2026-01-01T00:00:00.000Z');
    assert.equal(request.headers['X-User-Agent'], 'mlforkids-scratch3-text');
    assert.equal(request.headers.Accept, 'application/json');
});


test('the same text is not sent again within 20 seconds, and then with the '
     + 'time of the model', async () => {
    const world = run({ replies: { '/classify': answer() } });

    await world.extension.label({ TEXT: 'apple' });
    await world.later(19);
    assert.equal(await world.extension.label({ TEXT: 'apple' }), 'fruit');
    assert.equal(world.calls('/classify').length, 1);

    await world.later(2);
    world.replies['/classify'] = [304, null];
    assert.equal(await world.extension.label({ TEXT: 'apple' }), 'fruit');
    assert.equal(world.calls('/classify').length, 2);
    assert.equal(world.calls('/classify')[1].headers['If-Modified-Since'],
        MODEL_TIME);

    await world.later(21);
    world.replies['/classify'] = answer('root_vegetable', 51);
    assert.equal(await world.extension.label({ TEXT: 'apple' }),
        'root_vegetable');
    assert.equal(await world.extension.confidence({ TEXT: 'apple' }), 51);
    assert.equal(world.calls('/classify').length, 3);
});


test('what goes wrong is Unknown with confidence 0', async () => {
    for (const reply of [
        [500, { error: 'x' }], [404, {}], [200, []], [200, {}], [304, null],
        new Error('away')
    ]) {
        const world = run({ replies: { '/classify': reply } });

        assert.equal(await world.extension.label({ TEXT: 'a' }), 'Unknown');
        assert.equal(await world.extension.confidence({ TEXT: 'a' }), 0);
    }
});


test('texts are cleaned, cut and always encodable', async () => {
    const world = run({ replies: { '/classify': answer() } });
    const sent = () => decodeURIComponent(
        world.calls('/classify').at(-1).url.split('?data=')[1]);

    for (const empty of ['', '  ', '\n\t', '\r']) {
        assert.equal(await world.extension.label({ TEXT: empty }),
            'You need to put some text that you want to classify in here');
    }
    assert.equal(world.calls('/classify').length, 0);

    await world.extension.label({ TEXT: 42 });
    assert.equal(sent(), '42');
    await world.extension.label({ TEXT: 'x'.repeat(3000) });
    assert.equal(sent().length, 2000);
    await world.extension.label({ TEXT: 'x'.repeat(1999) + '\u{1F389}' });
    assert.equal(sent().length, 1999);
    await world.extension.label({ TEXT: 'a\uD83Cb\uDC00' });
    assert.equal(sent(), 'a\uFFFDb\uFFFD');
});


test('help: a training example, and no model', async () => {
    const world = run({
        replies: {
            '/train': [200, [{ id: '1', textdata: 'an apple' }]],
            '/classify': answer('fruit', 50, { random: true })
        }
    });

    await world.later();
    await world.extension.label({ TEXT: 'a pear' });
    assert.deepEqual(world.posted,
        [{ mlforkids: 'mlforkids-recognisetext-nomodel' }]);

    world.posted.length = 0;
    world.replies['/classify'] = answer('fruit', 0, { random: true });
    await world.extension.label({ TEXT: ' an apple ' });
    assert.deepEqual(world.posted,
        [{ mlforkids: 'mlforkids-recognisetext-training-help' }]);
});


test('adding training data', async () => {
    const world = run({ replies: { 'POST /train': [200, { id: '1' }] } });
    const add = (TEXT, LABEL) => world.extension.addTraining({ TEXT, LABEL });
    const sent = () => world.requests.filter(({ method }) => method === 'POST');

    await add('a\nbanana ', 'fruit');
    await add('', 'fruit');
    await add('a banana', 'meat');
    await add('y'.repeat(2000), 'fruit');

    assert.deepEqual(sent().map(({ body }) => body), [
        { data: 'a banana', label: 'fruit' },
        { data: 'y'.repeat(1024), label: 'fruit' }
    ]);
    assert.deepEqual(world.posted, []);

    world.replies['POST /train'] = [409, {
        error: 'Project already has maximum allowed amount of training data'
    }];
    await add('a kiwi', 'fruit');
    assert.deepEqual(world.posted,
        [{ mlforkids: 'mlforkids-addtraininglimit-help' }]);

    world.replies['POST /train'] = new Error('away');
    await add('a lime', 'fruit');
});


test('status: how often it is asked for, and what it means', async () => {
    const world = run({
        replies: { '/status': [200, { status: 1, msg: 'Model not ready yet' }] }
    });
    const is = (STATUS) => world.extension.checkModelStatus({ STATUS });
    const asked = () => world.calls('/status').length;

    assert.equal(await is('Ready'), false);
    assert.equal(await is('Training'), true);
    assert.equal(asked(), 1);

    world.replies['/status'] = [200, { status: 2, msg: 'Ready' }];
    await world.later(19);
    assert.equal(await is('Training'), true);
    await world.later(2);
    assert.equal(await is('Ready'), true);
    assert.equal(asked(), 2);

    world.replies['/status'] = [200, { status: 0, msg: 'Model Failed' }];
    await world.later(119);
    assert.equal(await is('Ready'), true);
    await world.later(2);
    assert.equal(await is('Ready'), false);
    assert.equal(await is('Model Failed'), true);
    assert.equal(await is('Model Non Existent'), false);
    assert.equal(asked(), 3);

    world.replies['/status'] = new Error('away');
    await world.later(299);
    assert.equal(await is('Model Failed'), true);
    await world.later(2);
    assert.equal(await is('Model Failed'), false);
    assert.equal(asked(), 4);
});


test('training: at most once a minute and not while it goes on', async () => {
    const world = run({
        replies: {
            'POST /models': [200, { status: 1, msg: 'Model not ready yet' }],
            '/status': [200, { status: 1, msg: 'Model not ready yet' }]
        }
    });
    const trained = () => world.calls('/models').length;

    await world.extension.trainNewModel();
    assert.equal(trained(), 1);
    assert.equal(await world.extension.checkModelStatus(
        { STATUS: 'Training' }), true);
    assert.equal(world.calls('/status').length, 0);

    await world.later(59);
    await world.extension.trainNewModel();
    assert.equal(trained(), 1);

    await world.later(2);
    await world.extension.trainNewModel();
    assert.equal(trained(), 1);

    world.replies['/status'] = [200, { status: 2, msg: 'Ready' }];
    await world.later(21);
    await world.extension.trainNewModel();
    assert.equal(trained(), 2);
});


test('a new model answers at once', async () => {
    const world = run({
        replies: {
            '/classify': answer(),
            'POST /models': [200, { status: 2, msg: 'Ready' }]
        }
    });

    await world.extension.label({ TEXT: 'apple' });
    world.replies['/classify'] = answer('root_vegetable');
    await world.extension.trainNewModel();
    assert.equal(await world.extension.label({ TEXT: 'apple' }),
        'root_vegetable');
});


for (const place of ['page', 'worker']) {
    test(`a project kept in the browser, in a ${place}`, async () => {
        const training = { name: 'n', language: 'en', intents: [] };
        const world = run({
            place,
            project: projectOf({
                storage: 'local', projectid: '17', id: '17',
                urls: {
                    classify: KEY + '/classify', status: KEY + '/status',
                    models: KEY + '/local/models'
                }
            }),
            replies: {
                '/classify': answer(),
                'POST /local/models': [200, { status: 1, msg: '' }]
            }
        });
        const { extension, posted } = world;

        assert.deepEqual(posted, [
            { mlforkidsstorage: { command: 'init' } },
            {
                mlforkidsstorage: {
                    command: 'trainingdata', data: { projectid: '17' }
                }
            }
        ]);
        assert.deepEqual(world.requests, []);

        world.send({
            mlforkidsstorage: 'trainingdata', projectid: 17,
            data: [{ id: 1, label: 'fruit', textdata: 'known' }, null]
        });

        posted.length = 0;
        extension.addTraining({ TEXT: 'known', LABEL: 'fruit' });
        extension.addTraining({ TEXT: 'new', LABEL: 'fruit' });
        extension.trainNewModel();
        await extension.label({ TEXT: 'known' });
        assert.deepEqual(posted, [
            {
                mlforkidsstorage: {
                    command: 'storetext',
                    data: { projectid: '17', textdata: 'new', label: 'fruit' }
                }
            },
            {
                mlforkidsstorage: {
                    command: 'textwatson', data: { projectid: '17' }
                }
            },
            { mlforkids: 'mlforkids-recognisetext-training-help' }
        ]);

        /* of others, and of another project: not heard */
        const wanted = {
            mlforkidsstorage: 'textwatson', projectid: '17', data: training
        };

        world.send(wanted, { origin: 'https://other.example', source: {} });
        world.send({ ...wanted, projectid: '18' });
        world.send(null);
        world.send('text');
        assert.equal(world.calls('/local/models').length, 0);

        world.send(wanted);
        await world.later();
        assert.deepEqual(world.calls('/local/models').map(({ body }) => body),
            [{ training, type: 'text' }]);
        assert.equal(await extension.checkModelStatus({ STATUS: 'Training' }),
            true);
    });
}
