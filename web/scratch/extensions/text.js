/*
 * Scratch blocks of a text project.
 *
 * The server sends this file as the body of a function whose one parameter,
 * project, holds what children typed (names, labels) as JSON data and the
 * addresses to call:
 *
 *   {id, name, labels, storage, projectid, urls: {classify, status, train,
 *    models}}
 *
 * It runs in the page of the editor or in a worker, so that it uses nothing
 * but Scratch, fetch, postMessage, addEventListener and the language itself.
 * Ids of extension, blocks, arguments and menus are kept in saved projects:
 * they never change.
 */
'use strict';

const LIMIT_CLASSIFY = 2000;
const LIMIT_TRAINING = 1024;
const SAME_TEXT_MS = 20 * 1000;
const TRAIN_AGAIN_MS = 60 * 1000;
const REMEMBERED_TEXTS = 200;

/* status of the model, as the server gives it, and how long it is believed */
const BROKEN = 0;
const TRAINING = 1;
const READY = 2;
const STATUS_LIFE_MS = {
    [BROKEN]: 5 * 60 * 1000,
    [TRAINING]: 20 * 1000,
    [READY]: 2 * 60 * 1000
};

const NO_TEXT = 'You need to put some text that you want to classify in here';
const PROJECT_FULL =
    'Project already has maximum allowed amount of training data';
const UNREACHABLE = {
    status: BROKEN,
    msg: 'Unable to communicate with machine learning service'
};

const HEADERS = {
    'Accept': 'application/json',
    'Content-Type': 'application/json',
    'X-User-Agent': 'mlforkids-scratch3-text'
};

const ICON = 'data:image/png;base64,'
    + 'iVBORw0KGgoAAAANSUhEUgAAAFAAAABQCAYAAACOEfKtAAAGeUlEQVR4nOxcW2wVRRj+'
    + 'tlW8tATFKi3aoE18oRrQFKM+GEnAWi8PBqP46iVGbUArKBgVDZhooA0W8BKf7IOiwQe8'
    + 'RBCEKhETE/FaLwRJDDEF2qpEDF45fn93zoOHnbOzO7t7Zpv9kq9zujP778y3szP/zvzn'
    + '1KGAFepQwAonwUGUBtGF41gFD23+AeznrX7UuxrvwjF4cAil11GPJqxkrZbhxLqVyKcw'
    + 'gie8W/AvHIFbAg5iLmXaoS/Afumh05uL7XAEbo2BJTxcNd8br+8SOATXBJydSJkMUczC'
    + 'lnBLQA+fJ1ImQ7jWA9dUzfUnkWfgEJwSUM2uz+oLYCV9wZ1wCE65MWWUfh8q4UAf8LPy'
    + 'VqbOA1p74DW0O1dfNwUkgo57BBxDMQtbohDQEoWAligEtERigzLH/alMriHnk+1kC3k2'
    + 'eRpqi2PkYXKY/IIUN2gr56NfkQCsBaRwk5msIu+Fo+uLAfiH7CdXUMijsICVgBTvJiYv'
    + 'kWchnzhE3kkR30ZMxB4DKd5yJm8gv+IJppGb2ZYexESsHsgLPsfkHkws9LMnLkZERO6B'
    + '6m5NNPEEi9i2BxARkXogL3Adk3dCislMt43cTX7Mu3oQNQTr3MzkCvJKspO8OOSULtZ5'
    + 'CwxhLCArcgqTn6Af8/4kHyN7WYHjcBBsgzxxD5FPkpM0xUbJVrbhDxggyiN8P/TifUd2'
    + '8KKrXRVPIHUjn+bHDnKvplgTuQiGiNIDxRFtDsiSO9XOiu1HjsD2yJ7ztwjuicNsz3QY'
    + 'wKgH8mJzECyeYHnexBOoOj+iyW5hmztgANNHeIHm+G5WZC1yCta9l8lHmuwFMICpgJdp'
    + 'jvcj/3hRc3wODGD67nqu5vg+5B+6NhiNgaYCnqc5vhf5h07AFhjAaBbO0x5FHNi0r04Z'
    + 'aCYHyIOKA8qDT66Sg+gq7cCnpZ34ZZzyWcLYHLX7v2tU0cdTBTYyubXivNd4Axaq/Nh3'
    + 'KK2QtSTthrWvmj7lAr8xaawoMMYCTSYXqFq5lELWkrRrIKBWn7Ib0xhwfjLrfGmFrGUb'
    + 'CqfVJ/1NpbRC1hwJhSt25SyRvoBphaw5EgqXRQ9MK2Rtzfi5yduNhNQFTCtkbdyuh9VJ'
    + '241cD/ljMI1bv4mUPsRMemQ97Bnz1JW305Pr867CN7BAEnZt2p+ZgC7Dpv3FLGyJQkBL'
    + 'lAUcC8gbQ4EytPqUBQx6X9yGFMDhxCPbk1ztoa3p5EyxjXSg1acsoGxZvkKOwA+4GVDH'
    + 'EgUb2MDkffJrcpj/96r95rj2TiX74O9XD5Fb+P/pSB5afTJdUNXE1PxILqapzYgA2pLl'
    + 'JXGUZ1RkraMt431dZSt2+0wFlBi6hoCsFtPQDRVHKEGNuolLwim6ae+HEDsXMlkPP5gz'
    + 'CH+TU2jnGMzqJUPJcEDWUdqYHHa+6Z6IdNu2gOOy2mEaRxL2qF5L7mODZL9WHkeJsfmM'
    + 'PJm8iJyl0gtC7HjqWkYCEpdqjht1DFMBJUQ2SMBLYCgg7+YoxXmeH+8LKdqmeCPiYX3E'
    + '8F0rAU39wD2a43dRlEkwh4xNfUgPslH+oGlh1l169x2a7D0wgKmAb2mOy+O0AoZQwT3S'
    + 'QAkzG0VyEFudtL0kYnCTxHafr8l7EwYwnUTkTsljEeQiSMD2bFZ8CBFAmxJeK0vud5Oh'
    + 'g7UGR8gXyD5e/3CUE8VvZPIlWR+QLeNno8nNMOqBNCQz2wZNtoyjm1ihsMDFSpuHyKXw'
    + '45S7yV3wd9PCII36AL471Ewby2KIJxOSuE31miJrTXtylPA26SXis52pKfIX+TgZO0aQ'
    + '1ziHyc2kuCpNiiKqPKLy6vQ9uUkmJMSACrCUbVAZdnRjtzjLM0zdoKiOsPheW0OKfUXK'
    + '77t8Qu6K2juSBuvcyuRy+EGV18P/ElA1zGedjbdYI787qiDzXkxMyBtRpIizuF9zkDeB'
    + 'MH8ub9hA8bojnhNvPVBdSDa2TQZ91yFtWBpHPEESX/VaB338oOs4AP/928jnC0Ii62cU'
    + '8nb4bxmzkA/IW4Z8M+llWCLRBUjlhtwAf8aT2U6c1SbUFuLyiJMvTrN4BvJV1xEkhAmx'
    + 'q1ZLFJtKligEtEQhoCUyEbAixjhtpBLjrUMmkwgb8yqThcgWGznb3oaUkZWAspY4Bdni'
    + 'CAU8AymjGAMtkZWAtfj54kyumdXvvMhvEciqtqwnTkO6kC3Y9+B/Mz11FG8ilijGQEsU'
    + 'AlqiENAShYCW+A8AAP///Ob2/QAAAAZJREFUAwAMVejPC7+eSAAAAABJRU5ErkJggg==';

const isLocal = project.storage === 'local';
const labels = Array.isArray(project.labels) ? project.labels.map(String) : [];
const projectName = String(project.name);


/* A lone half of a surrogate pair has no UTF-8 form: it is replaced. */
function wellFormed(text) {
    return text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g,
        (found) => found.length === 2 ? found : '\uFFFD');
}


/* What a block was given, as one line of at most limit UTF-16 units. */
function cleanText(value, limit) {
    const text = String(value).replace(/[\r\n\t]/g, ' ').trim();

    return wellFormed(text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, ''));
}


const NOT_IN_XML = /[\u0000-\u001F\u007F\uFFFE\uFFFF]/g;


/*
 * The editor puts an extension's name into XML without escaping it, so that
 * characters which mean something there, or may not occur, become spaces.
 */
function safeName(name) {
    const safe = wellFormed(name)
        .replace(NOT_IN_XML, ' ').replace(/[&<>"]/g, ' ').trim();

    return safe || 'text';
}


/*
 * In the text of a block [X] is an argument and %1 a reference to one: a
 * label is never either.
 */
function blockText(label) {
    const text = wellFormed(label).replace(/\[/g, '(').replace(/\]/g, ')')
        .replace(/%/g, '%%');

    return text.trim() ? text : '\u00A0';
}


/* What stands in the menu of labels at first; it too is put into XML. */
function firstLabel() {
    return labels.length && labels[0].search(NOT_IN_XML) === -1
        ? wellFormed(labels[0]) : '';
}


function request(url, options) {
    return fetch(url, Object.assign({}, options, {
        headers: Object.assign({}, HEADERS, options && options.headers)
    }));
}


function postJSON(url, body) {
    return request(url, { method: 'POST', body: JSON.stringify(body) });
}


/* Asks the page to show one of its help texts. */
function showHelp(name) {
    postMessage({ mlforkids: name });
}


/* Asks the page for something that is kept in the browser. */
function askStorage(command, data) {
    const message = { command };

    if (data) {
        message.data = data;
    }

    postMessage({ mlforkidsstorage: message });
}


class MachineLearningText {

    constructor() {
        /* text -> {class_name, confidence, classifierTimestamp, asked} */
        this.results = new Map();
        /* text -> promise of a result that is on its way */
        this.pending = new Map();
        this.knownTexts = new Set();

        this.status = { status: BROKEN, msg: '' };
        this.statusTime = 0;
        this.statusRequest = null;
        this.trainTime = 0;

        addEventListener('message', (event) => this.onMessage(event));

        if (isLocal) {
            askStorage('init');
            askStorage('trainingdata', { projectid: project.projectid });
        } else {
            this.fetchKnownTexts();
        }
    }


    getInfo() {
        return {
            id: 'mlforkidstext' + String(project.id).replace(/[^0-9a-z]/gi, ''),
            name: safeName(projectName),
            color1: '#4B4A60',
            color2: '#707070',
            color3: '#4c97ff',
            menuIconURI: ICON,
            blockIconURI: ICON,
            blocks: [
                this.textReporter('label', {
                    id: 'mlforkids.text.recogniseLabel',
                    default: 'recognise text [TEXT] (label)',
                    description: 'Name of the label of the text'
                }),
                this.textReporter('confidence', {
                    id: 'mlforkids.text.recogniseConfidence',
                    default: 'recognise text [TEXT] (confidence)',
                    description: 'How sure the model is, from 0 to 100'
                })
            ].concat(labels.map((label, i) => ({
                opcode: 'return_label_' + i,
                blockType: Scratch.BlockType.REPORTER,
                text: blockText(label),
                arguments: {}
            })), [
                {
                    opcode: 'addTraining',
                    blockType: Scratch.BlockType.COMMAND,
                    text: {
                        id: 'mlforkids.text.addTraining',
                        default: 'add training data [TEXT] [LABEL]',
                        description: 'Adds an example to the project'
                    },
                    arguments: {
                        TEXT: {
                            type: Scratch.ArgumentType.STRING,
                            defaultValue: 'text'
                        },
                        LABEL: {
                            type: Scratch.ArgumentType.STRING,
                            defaultValue: firstLabel(),
                            menu: 'labels'
                        }
                    }
                },
                {
                    opcode: 'trainNewModel',
                    blockType: Scratch.BlockType.COMMAND,
                    text: {
                        id: 'mlforkids.text.trainNewModel',
                        default: 'train new machine learning model',
                        description: 'Trains with all examples'
                    },
                    arguments: {}
                },
                {
                    opcode: 'checkModelStatus',
                    blockType: Scratch.BlockType.BOOLEAN,
                    text: {
                        id: 'mlforkids.text.checkModelStatus',
                        default: 'Is the machine learning model [STATUS] ?',
                        description: 'Compares the state of the model'
                    },
                    arguments: {
                        STATUS: {
                            type: Scratch.ArgumentType.STRING,
                            defaultValue: 'Ready',
                            menu: 'statuses'
                        }
                    }
                }
            ]),
            menus: {
                labels: {
                    acceptReporters: true,
                    /* a menu may not be empty */
                    items: labels.length
                        ? labels.map((label) => ({ text: label, value: label }))
                        : [{ text: ' ', value: '' }]
                },
                statuses: {
                    acceptReporters: false,
                    items: [
                        { text: 'ready to use', value: 'Ready' },
                        { text: 'still training', value: 'Training' },
                        { text: 'ERROR - broken', value: 'Model Failed' },
                        {
                            text: 'ERROR - non-existent',
                            value: 'Model Non Existent'
                        }
                    ]
                }
            }
        };
    }


    textReporter(opcode, text) {
        return {
            opcode,
            blockType: Scratch.BlockType.REPORTER,
            text,
            arguments: {
                TEXT: {
                    type: Scratch.ArgumentType.STRING,
                    defaultValue: 'text'
                }
            }
        };
    }


    label({ TEXT }) {
        return this.classify(TEXT, 'class_name');
    }


    confidence({ TEXT }) {
        return this.classify(TEXT, 'confidence');
    }


    addTraining({ TEXT, LABEL }) {
        const text = cleanText(TEXT, LIMIT_TRAINING);
        const label = String(LABEL);

        if (!text || !labels.includes(label)) {
            return undefined;
        }

        if (isLocal) {
            if (!this.knownTexts.has(text)) {
                this.knownTexts.add(text);
                askStorage('storetext', {
                    projectid: project.projectid, textdata: text, label
                });
            }
            return undefined;
        }

        return postJSON(project.urls.train, { data: text, label })
            .then((response) => {
                if (response.ok) {
                    this.knownTexts.add(text);
                    return undefined;
                }
                return response.json().then((body) => {
                    if (body && body.error === PROJECT_FULL) {
                        showHelp('mlforkids-addtraininglimit-help');
                    }
                });
            })
            .catch(() => undefined);
    }


    trainNewModel() {
        if (Date.now() - this.trainTime < TRAIN_AGAIN_MS) {
            return undefined;
        }

        if (this.status.status !== TRAINING) {
            return this.startTraining();
        }

        /* it may have ended since the status was asked for */
        return this.currentStatus().then(({ status }) => (
            status === TRAINING ? undefined : this.startTraining()
        ));
    }


    checkModelStatus({ STATUS }) {
        return this.currentStatus().then(({ status, msg }) => {
            switch (STATUS) {
            case 'Ready':
                return status === READY;
            case 'Training':
                return status === TRAINING;
            default:
                return status === BROKEN && msg === STATUS;
            }
        });
    }


    /*
     * Resolves to one member of the answer for a text, or to a sentence if
     * there is no text.  Blocks in a loop ask many times a second: the same
     * text is sent again only after a while, and then with the time of the
     * model that gave the last answer, so that an unchanged model costs the
     * server no work.
     */
    classify(value, member) {
        const text = cleanText(value, LIMIT_CLASSIFY);

        if (!text) {
            return NO_TEXT;
        }

        if (this.knownTexts.has(text)) {
            showHelp('mlforkids-recognisetext-training-help');
        }

        const last = this.results.get(text);

        if (last && Date.now() - last.asked < SAME_TEXT_MS) {
            return last[member];
        }

        if (!this.pending.has(text)) {
            this.pending.set(text, this.fetchResult(text, last));
        }

        return this.pending.get(text).then((result) => result[member]);
    }


    /* Asks the server; never rejects. */
    fetchResult(text, last) {
        const unknown = { class_name: 'Unknown', confidence: 0 };
        const asked = Date.now();
        const since = last && last.classifierTimestamp
            ? last.classifierTimestamp : new Date(asked).toISOString();

        return request(project.urls.classify + '?data='
                       + encodeURIComponent(text),
                       { headers: { 'If-Modified-Since': since } })
            .then((response) => {
                if (response.status === 304) {
                    return last || unknown;
                }
                if (!response.ok) {
                    return unknown;
                }
                return response.json().then((found) => {
                    if (!Array.isArray(found) || !found.length) {
                        return unknown;
                    }
                    this.checkRandom(found);
                    return {
                        class_name: String(found[0].class_name),
                        confidence: Number(found[0].confidence) || 0,
                        classifierTimestamp: found[0].classifierTimestamp
                    };
                });
            })
            .catch(() => unknown)
            .then((result) => {
                this.remember(text, Object.assign({}, result, { asked }));
                return result;
            });
    }


    /*
     * Without a model every label is there, with the same chance.  A model
     * that knows nothing of a text draws one label too, but with confidence 0.
     */
    checkRandom(found) {
        if (found[0].random && found[0].confidence) {
            showHelp('mlforkids-recognisetext-nomodel');
        }
    }


    remember(text, result) {
        this.pending.delete(text);
        this.results.delete(text);
        this.results.set(text, result);

        if (this.results.size > REMEMBERED_TEXTS) {
            this.results.delete(this.results.keys().next().value);
        }
    }


    /* Resolves to the status, which is asked for only when it is too old. */
    currentStatus() {
        if (this.statusRequest) {
            return this.statusTime
                ? Promise.resolve(this.status) : this.statusRequest;
        }

        const age = Date.now() - this.statusTime;

        if (this.statusTime && age < STATUS_LIFE_MS[this.status.status]) {
            return Promise.resolve(this.status);
        }

        this.statusRequest = this.takeStatus(
            request(project.urls.status, {}));

        return this.statusRequest;
    }


    startTraining() {
        this.trainTime = Date.now();

        if (isLocal) {
            askStorage('textwatson', { projectid: project.projectid });
            return undefined;
        }

        return this.train({});
    }


    train(body) {
        this.statusRequest = this.takeStatus(
            postJSON(project.urls.models, body));

        return this.statusRequest.then(() => undefined);
    }


    /* Makes a reply the status of the model; never rejects. */
    takeStatus(reply) {
        const taking = reply
            .then((response) => {
                if (!response.ok) {
                    throw new Error('status ' + response.status);
                }
                return response.json();
            })
            .then((body) => {
                if (!body || !(body.status in STATUS_LIFE_MS)) {
                    throw new Error('not a status');
                }
                return { status: body.status, msg: String(body.msg) };
            })
            .catch(() => UNREACHABLE)
            .then((status) => {
                if (this.statusRequest === taking) {
                    this.statusRequest = null;
                }
                /* a new model gives new answers */
                if (status.status !== this.status.status) {
                    this.results.forEach((result) => {
                        result.asked = 0;
                    });
                }
                this.status = status;
                this.statusTime = Date.now();
                return status;
            });

        return taking;
    }


    fetchKnownTexts() {
        request(project.urls.train, {})
            .then((response) => response.ok ? response.json() : [])
            .then((items) => this.learnTexts(items))
            .catch(() => undefined);
    }


    learnTexts(items) {
        if (!Array.isArray(items)) {
            return;
        }

        items.forEach((item) => {
            const text = item && (item.textdata || item.text);

            if (typeof text === 'string') {
                this.knownTexts.add(cleanText(text, LIMIT_TRAINING));
            }
        });
    }


    /* Answers of the page, which come as strings (requests are objects). */
    onMessage(event) {
        const data = event.data;

        /* a message to a worker has no origin; in a page only its own count */
        if (event.origin !== '' && event.source !== globalThis) {
            return;
        }

        if (!isLocal || !data || typeof data !== 'object'
            || String(data.projectid) !== String(project.projectid))
        {
            return;
        }

        if (data.mlforkidsstorage === 'trainingdata') {
            this.learnTexts(data.data);

        } else if (data.mlforkidsstorage === 'textwatson') {
            this.train({ training: data.data, type: 'text' });
        }
    }
}


/* a block for each label, that gives its name */
labels.forEach((label, i) => {
    MachineLearningText.prototype['return_label_' + i] = () => label;
});


Scratch.extensions.register(new MachineLearningText());
