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
    + 'iVBORw0KGgoAAAANSUhEUgAAAFAAAABQCAYAAACOEfKtAAAJ7UlEQVR4nOydC1QU1xnH'
    + '/7OsxgfyEgQtyFPFGl/VKCptzVHDshilMZpHFYhiqlFaT2xiW43haJM2MRJsfDVQNeSc'
    + 'xkcTg+gKKKnR2FIqlag5oOGxIEVAQAQKVGEn946B7O7sLrM7s4/I/s4RZu/cuc79731+'
    + '3zeDHGby5BMJ4RoXdiHAzGeBUQzDepFk8o8ZjO8VbAf50cSyTBMD1JDPZ2XdzMms3EMl'
    + '5pTCCM0Yo4h/kWXwKsMwoXiIYVm2jAXz1unTh9KE5O9TQIUifp5Mhr0MmLHoX5RAw2w4'
    + 'lX0wx1QmowJOm/biAN8R9/7EMFiDfgzLYr/qdNA6IFlj6LxBAaOiVnnJXbqzyOFsOAEd'
    + 'H7u65c/k5PylSf8MT0CFYuU4GaPJJi0vCE56IS1RrWFliuzsA9e10120P8ydO1c+cIDb'
    + 'cTJRTIITHUiD8mCgCf2Bv+cRtVrd253l2pmGDAnaTZrkHNiZacHVWBF5GX4erdzn2uZh'
    + '+PCLqSis8Ic9IQ0rmmpEDnvnhd4urFQmKMiH07AjZOjAciLc0plX6TeuA+lCOJI/CX+9'
    + 'OAWkK8GekFuJVqkOZdPjb+8kWUZSd8LOTAiow7IIvngUmraMCDtpdC3sDou3ew45AZVK'
    + 'dRy5wR/Cziydcc3keZmMxVOPfQV7Q7SaGKNIeJYe9/QFh1jrhfg0SZLHFpBRZAP9LSNj'
    + 'nx8ZYGbAiXkQzaKilo+kLTCWzC6C98TWpPy2lyR5bAHVzMVFvljGsIiAg/DJvyeYPK/R'
    + 'MDhW8CgciCm0BfrBQSiqHIXMQuNz2eH8ybhaNRIOhJ+crAQdRkBK2mcz4BKwFgsnFxFr'
    + '3dkHiV7zcfLLKWQNWAhHgox7QXKyQA1yjBHwO1q6AoBx63XTCjPJT8cSkGonJ+K5w4lF'
    + 'UO3suyd6CHAKKBI5rEx4eCh8fX0wfLgHBg0eJOiaiRPDDaY9//NYCKGzoxONjc2orb2N'
    + '69fLYE2YGGUCC4kJCBiFxYsXYPac6XBzc4U9aWlpwxcXCpCVlYebN2sgNZIK6OHpjqT1'
    + '8ZgZMRWOyMWLl7B3Twbu3m2FVEg2Bvr5+SA1davDikeZQ3pEyrtbMWLEcEiFJAL6kBva'
    + 'mfIavL0dY59qCl9fb05EHx9p7lWSLvzee9sQHBJg8FxbWzsqK6tRUXGTG49sAR13g4MD'
    + 'EBjoD1fXIQbzlJVV4le/TIZYRM/Ca9YuNype2vsfITMzF/ZkcewTWL36OV56aGggEhOf'
    + 'RXr6YYhBVBems+3ChfN46XV1DWQy2Wp38SiZn+YiKel11Nc38s7F/iyKG7vFIErARWSp'
    + 'ok93dze2b9vFdVlHoaK8irsnjYYfXEBbqBhECRgZOZ2XdvhwFtTqajga9As9evQkL53O'
    + 'zGKwWMAJj47FsGG6i2T6DX96PAeOysd/43ttvbw8uN2SpVgsYEjIaF5aVVUNOsg2ylGh'
    + '92ZoNxJCJhRLMTkLu7oOJduxadzxP4gxs63tf73nBg/i72uLi0vRNyymBN5CoHcz96my'
    + 'wYOzRJuPZeWUFJdxk582Q4boxoaaqrc+RgWk27LdZH3n4enGfY5bsQTr17+G5uaWBxcO'
    + '4F96585dmMLLtR2vxJzHRD3n+L9KA7D3TAQa24ZCCGLKud3Ad4sOHDig97iveutjtAtH'
    + 'ksG1p5AHBbthTqS4AfelBfm8SlNmht3EqscvQShSlWMIc+ttVEA392G8NHd3N1jKGL8G'
    + 'RIRVGT3/k/AKLo+tyjGGufW2mUE1zLfRofJIhdMiLRKrW6R7KK3r24RUUtP3tkqqcqTC'
    + 'Zi3w61pv5JeONnr+fEkwKgSEbUhVjlTYtAvvOzMTLe2P8NJbOx7hlh+2LkcKbNaFKXR9'
    + '9vye58gCuEbUQlqqcqTApgL2QCsqRWWlKkcMzllYJHZpgZRRo3yxfMVTxH97B8eImclc'
    + 'c787WfA+vTSGWFPc8WHGJ5wP2B4YFbDFgOuvRSJ3oFzugm3bN/ZagxWKn+LggaNQqf4u'
    + '6Hql8nG8sHIZBn/rqB8zJhhr12zmjLliMbfeRrtwQUGRzg3RY5omBbNnT9cxpVMhXloX'
    + 'h9RdyTxLiTZBQf5cHpp3sFaUA23Ns2b9CFJgbr2NtkDqQ0hM3ISpUx9EjV6+/BVua/kV'
    + 'Og3Y/Tw9hQV60TAPQ4SFBWLf/je4bl1dXQs1dQvQZ86IcP7+fuQ6T6NlenoJ+7+9DNxj'
    + 'R3tH73Ff9dbH5BhIL8zNOW/wnCHzTmiI8QWuNidOnEUMcUYZc+hQoei/yZPHQwhUbNUp'
    + 'Yd0/NIxvPNU3w5mqtz4Wz8KG/B4hoaMhJF6ddotXX3kTRZfFP/Nx6dIV/GbTHwSNf/Te'
    + 'qL9YHzE+HIsFLCeertZW3ZlTLpcbdHMaoqmpGVu2vINdqQeMGiv7uj5lZxqSX39X8PXU'
    + 'A0fvURvq+BcjoKhlzJdFxYj88WM6aStXPYMrV4pRWflfQWWcOXMBn3+ej0WLFmDe/Dkm'
    + 'JxEK9bucJdfQaKv79+9DKLTlxcc/zUv/T+FViEFUaMf48WHY8c5mXjpdk735xm6ulZoL'
    + 'nV1p1IC3tyfnMaPQWL+GxiaUlVais/P/MBda3pYtSVwMjz6/3vh7lJRYHkMoOjbmt79b'
    + 'Z9C32tXVhYMHj3GRAfZkyZJorIhbwq099blwoQBv/XEfxCBaQBrIQyOzRo4cYfB8T3BR'
    + 'eRkZM014t6TEw8ONW/rQ4KKhQw2/jaWmpg4bX95OxnFx9yRJdBYVb8eOzTrOGEem+U4L'
    + 'Xibi1ddb7jvpQRJjwq1b9UhK2ipqLLEVN66Xc25KKcSjuIwdMyUZEkAH99zc89BoWEwS'
    + 'uAC2NRkZHyMlJd2iicgYVgkyp5Gqy5bFkCXODIcJMj9y5CS3RZQaqwiozbhxodyWzZzH'
    + 'HMRiy8ccrG4PpBWwdiXsiYxlId2A0M8g2t2VgYEDvAbje0stXcY4BbScWjoGOgW0EGK4'
    + 'U8uhQT5ZTi+GjegJXpT6oZyGhqY+gyGtQBGjVMaNBcuU2OLNHfrBi1JDt2imgiGlhCXI'
    + '7w0YKVOpMm4QU20BbIB+8KLUSBEEKhii2Ym89LqevfB+PCQwsM0LIBgNUulvTkCVKiiD'
    + 'rGnEmWYFoO8ylBopXa+mYa+dyj7EPSPW+3VFRyfEyhgch5WhVmHqMrTGJNKXC1IqtF9/'
    + 'p9Pelcr4NNIFEuHEKES8PxPxel/WpmMPbG+vXEsml4twYhiW/Wd7u1rnhTY6Ap47d67L'
    + 'RX4vlgV7A070+brzHvsk1Ug7kWeRzsr6qKG7Wz6LvvoXTjjIBPtZV7dLRF5eBm+ANTHn'
    + 'J8uU0eo9/f5F3GDTVargX5j1Im5tYhQvRBGjF13zhKNfwV7r1mBDdvYHeaZyCV51kmXO'
    + 'agbspv7wxwgYFm+fyv7gfSH5zV62O/8chi7fAAAA///0fwd5AAAABklEQVQDAI1f8CWR'
    + 'CVn/AAAAAElFTkSuQmCC';

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
