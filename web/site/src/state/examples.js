// The labels and examples of one project.  Changes are shown at once and taken
// back when the server refuses them.  They are sent one after the other, so that
// the server's answers arrive in the order of what was done.

import { createStore } from '../lib/store.js';
import { normaliseLabel, ofLabel } from '../lib/labels.js';


// project: as just read from the server.  type: the project's type; its toItem() reads an example of the server.
// onError(error, subject) is told about refused changes, except for new
// examples: those are kept in `unsaved`, label -> { values, error }.
export function createExamples({ api, project, type, onError }) {
    const store = createStore({
        status: 'loading',
        labels: project.labels,
        items: [],
        unsaved: {},
        complete: true,
        error: null,
    });
    const controller = new AbortController();
    let queue = Promise.resolve();
    let lastId = 0;

    function inTurn(work) {
        const result = queue.then(work);
        queue = result.catch(() => {});
        return result;
    }

    function changeItems(change) {
        store.set(({ items }) => ({ items: change(items) }));
    }

    async function load() {
        store.set({ status: 'loading', error: null });

        try {
            const options = { signal: controller.signal };
            const { items, total } = await api.listExamples(project, options);

            store.set({
                status: 'ready',
                items: items.map(type.toItem),
                complete: items.length >= total,
            });

        } catch (error) {
            if (error.kind !== 'gone') {
                store.set({ status: 'error', error });
            }
        }
    }

    function keepUnsaved(label, values, error) {
        store.set(({ unsaved }) => ({
            unsaved: {
                ...unsaved,
                [label]: {
                    values: [...(ofLabel(unsaved, label)?.values ?? []),
                        ...values],
                    error,
                },
            },
        }));
    }

    // Sends pending items of a label; those that are refused move to `unsaved`.
    async function send(label, pending) {
        const refused = [];
        let problem = null;

        for (const item of pending) {
            if (problem && problem.kind !== 'invalid') {
                refused.push(item);
                continue;
            }

            try {
                const stored = type.toItem(
                    await api.addExample(project, type.toData(item), label));

                changeItems((items) => items.map(
                    (one) => one.id === item.id ? { ...stored, label } : one));

            } catch (error) {
                problem = error;
                refused.push(item);
            }
        }

        if (refused.length > 0) {
            changeItems((items) => items.filter(
                (one) => !refused.some((item) => item.id === one.id)));
            keepUnsaved(label, refused.map(type.toData), problem);
        }

        return refused.length === 0;
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

        // values: what type.toData() gives.  Resolves to whether all were
        // stored; those that were not are kept in `unsaved`.
        add(label, values) {
            const pending = values.map((value) => ({
                ...type.fromData(value),
                id: `new-${++lastId}`,
                label,
                pending: true,
            }));

            changeItems((items) => [...items, ...pending]);
            return inTurn(() => send(label, pending));
        },

        // What was not stored, to be added again; it is forgotten here.
        takeUnsaved(label) {
            const { [label]: taken, ...unsaved } = store.get().unsaved;

            store.set({ unsaved });
            return taken?.values ?? [];
        },

        remove(item) {
            const index = store.get().items.indexOf(item);

            changeItems((items) => items.filter((one) => one.id !== item.id));

            return inTurn(async () => {
                try {
                    await api.removeExample(project, item.id);
                    return true;

                } catch (error) {
                    changeItems((items) => [...items.slice(0, index), item,
                        ...items.slice(index)]);
                    onError(error, 'example');
                    return false;
                }
            });
        },

        addLabel(typed) {
            const label = normaliseLabel(typed);

            store.set(({ labels }) => ({ labels: [...labels, label] }));

            return inTurn(async () => {
                try {
                    store.set({ labels: await api.addLabel(project, typed) });
                    return true;

                } catch (error) {
                    store.set(({ labels }) => ({
                        labels: labels.filter((one) => one !== label),
                    }));
                    onError(error, 'label');
                    return false;
                }
            });
        },

        removeLabel(label) {
            const before = store.get();

            store.set({
                labels: before.labels.filter((one) => one !== label),
                items: before.items.filter((one) => one.label !== label),
            });

            return inTurn(async () => {
                try {
                    store.set({
                        labels: await api.removeLabel(project, label),
                    });
                    return true;

                } catch (error) {
                    const gone = before.items.filter(
                        (one) => one.label === label);

                    store.set(({ items }) => ({
                        labels: before.labels,
                        items: [...items, ...gone],
                    }));
                    onError(error, 'label');
                    return false;
                }
            });
        },
    };
}
