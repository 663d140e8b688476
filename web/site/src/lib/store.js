// A value that tells its listeners when it changes.  Everything that outlives
// one page, or that more than one component reads, is kept in a store.

export function createStore(initial) {
    let value = initial;
    const listeners = new Set();

    return {
        get() {
            return value;
        },

        // change: members to replace, or a function from old value to members
        set(change) {
            const members = typeof change === 'function'
                ? change(value) : change;

            value = { ...value, ...members };
            listeners.forEach((listener) => listener(value));
        },

        // returns the function that ends the subscription
        subscribe(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
        },
    };
}
