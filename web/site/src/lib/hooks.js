import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';


// The value of a store, or what select picks from it; the component is drawn
// again when that changes.
export function useStore(store, select = (value) => value) {
    const [value, setValue] = useState(() => select(store.get()));

    useEffect(() => {
        const update = () => setValue(() => select(store.get()));

        update();
        return store.subscribe(update);
    }, [store]);

    return value;
}


// Loads something for a page: { value, error, loading, reload }.
// load(signal) is called again when one of inputs changes; its signal is
// aborted when the page is left.
export function useLoaded(load, inputs) {
    const [state, setState] = useState({ loading: true });
    const [round, setRound] = useState(0);

    useEffect(() => {
        const controller = new AbortController();

        setState({ loading: true });
        load(controller.signal).then(
            (value) => ({ value }), (error) => ({ error })
        ).then((result) => {
            if (!controller.signal.aborted) {
                setState({ loading: false, ...result });
            }
        });

        return () => controller.abort();
    }, [...inputs, round]);

    const reload = useCallback(() => setRound((n) => n + 1), []);

    return { ...state, reload };
}


// A thing with start() and stop() that lives as long as the component.
export function useLiving(make, inputs) {
    const thing = useMemo(make, inputs);

    useEffect(() => {
        thing.start();
        return () => thing.stop();
    }, [thing]);

    return thing;
}
