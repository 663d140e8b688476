// The machine learning model of one project: is there one, train it, try it.

import { ofLabel } from '../lib/labels.js';
import { createStore } from '../lib/store.js';
import { storage as browserStorage } from '../lib/storage.js';
import { backOff, wait as realWait } from '../lib/wait.js';

// Seconds between two looks at a model in training.  Most are ready in less
// than one; the server asks for nothing faster than 20 in the long run.
const PAUSES = [0.5, 1, 2, 4, 8, 16, 20];
const LONG = 10;

const WORKING = ['Training', 'Available', 'Failed'];


// The site knows three states of a model and `none`.
export function modelStatus(model) {
    if (!model) {
        return 'none';
    }

    return WORKING.includes(model.status) ? model.status : 'Failed';
}


export function createModel({ api, project, wait = realWait,
                              storage = browserStorage }) {
    const store = createStore({
        loading: true,
        error: null,            // the page cannot be shown
        labels: project.labels,
        counts: {},
        model: null,
        status: 'none',
        usable: false,          // there is a model that answers
        starting: false,        // the order to train is on its way
        slow: false,            // training takes unusually long
        problem: null,          // the order to train, or to delete, failed
        trainedWith: null,      // counts of the last training in this browser
    });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const memory = `project.${project.id}.trained`;
    let following = false;

    function show(model) {
        const status = modelStatus(model);

        store.set((old) => ({
            model,
            status,
            usable: status === 'Available'
                || (status === 'Training' && old.usable),
        }));
    }

    async function follow() {
        if (following) {
            return;
        }

        following = true;

        try {
            let waited = 0;

            for (let i = 0; store.get().status === 'Training'; i++) {
                const pause = backOff(PAUSES, i);

                await wait(pause * 1000, options);
                waited += pause;
                store.set({ slow: waited > LONG });
                show((await api.listModels(project, options)).at(-1) ?? null);
            }

        } catch (error) {
            if (!controller.signal.aborted) {
                store.set({ problem: error });
            }

        } finally {
            following = false;
            store.set({ slow: false });
        }
    }

    async function load() {
        store.set({ loading: true, error: null });

        try {
            const [counts, models] = await Promise.all([
                api.countExamples(project, options),
                api.listModels(project, options),
            ]);

            show(models.at(-1) ?? null);
            store.set({
                loading: false,
                counts,
                trainedWith: storage.read(memory),
            });
            follow();

        } catch (error) {
            if (error.kind !== 'gone') {
                store.set({ loading: false, error });
            }
        }
    }

    return {
        ...store,

        start() {
            load();
        },

        stop() {
            controller.abort();
        },

        reload: load,

        async train() {
            store.set({ starting: true, problem: null });

            try {
                const model = await api.trainModel(project);
                const { counts } = store.get();

                storage.write(memory, counts);
                store.set({ trainedWith: counts });
                show(model);

            } catch (error) {
                store.set({ problem: error });

            } finally {
                store.set({ starting: false });
            }

            follow();
        },

        async remove() {
            try {
                await api.deleteModel(project, store.get().model);
                storage.remove(memory);
                show(null);
                store.set({ problem: null, trainedWith: null });
                return true;

            } catch (error) {
                store.set({ problem: error });
                return false;
            }
        },

        // Resolves to the server's matches, best first.
        test(text) {
            return api.testText(project, store.get().model, text);
        },
    };
}


// Whether examples were added or removed since the model was trained here.
export function hasChanged({ labels, counts, trainedWith }) {
    return trainedWith !== null && labels.some(
        (label) => ofLabel(counts, label, 0)
            !== ofLabel(trainedWith, label, 0));
}
