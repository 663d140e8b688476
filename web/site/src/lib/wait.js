// Resolves after ms milliseconds; rejects at once if signal is aborted.
// wake: an EventTarget whose `wake` event ends the wait early.
export function wait(ms, { signal, wake } = {}) {
    return new Promise((resolve, reject) => {
        const end = (settle) => () => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            wake?.removeEventListener('wake', onWake);
            settle();
        };
        const onAbort = end(() => reject(signal.reason));
        const onWake = end(resolve);
        const timer = setTimeout(onWake, ms);

        if (signal?.aborted) {
            onAbort();
            return;
        }

        signal?.addEventListener('abort', onAbort);
        wake?.addEventListener('wake', onWake);
    });
}


// Pauses in seconds between two looks at something: short ones first, because
// most work is done at once, then longer up to the last, which repeats.
export function backOff(pauses, attempt) {
    return pauses[Math.min(attempt, pauses.length - 1)];
}
