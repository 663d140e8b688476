// Local storage, or memory where the browser refuses it (private windows,
// full disks).  Values are JSON.

const PREFIX = 'mlforkids.';


export function createStorage(area) {
    const memory = new Map();

    return {
        read(name) {
            let text;

            try {
                text = area().getItem(PREFIX + name);
            } catch {
                text = null;
            }

            if (text === null) {
                text = memory.get(name) ?? null;
            }

            try {
                return JSON.parse(text);
            } catch {
                return null;
            }
        },

        write(name, value) {
            const text = JSON.stringify(value);

            try {
                area().setItem(PREFIX + name, text);
                memory.delete(name);
            } catch {
                memory.set(name, text);
            }
        },

        remove(name) {
            memory.delete(name);

            try {
                area().removeItem(PREFIX + name);
            } catch {
                // nothing was stored there
            }
        },

        // removes all whose names begin with prefix
        removeAll(prefix) {
            for (const name of memory.keys()) {
                if (name.startsWith(prefix)) {
                    memory.delete(name);
                }
            }

            try {
                Object.keys(area())
                    .filter((key) => key.startsWith(PREFIX + prefix))
                    .forEach((key) => area().removeItem(key));
            } catch {
                // nothing was stored there
            }
        },

        // whether a storage event's key is the one of this name; a null key
        // means that all was cleared
        owns(key, name) {
            return key === null || key === PREFIX + name;
        },
    };
}


export const storage = createStorage(() => globalThis.localStorage);
