/*
 * Nothing that a child types or loads here goes to another host.  The server
 * forbids it by its Content-Security-Policy; refusing it here as well keeps
 * that true on servers without one, and makes the refusal quick.
 */

function isOwn(address) {
    const url = new URL(address, location.href);

    return url.origin === location.origin
        || url.protocol === 'data:' || url.protocol === 'blob:';
}


export function stayAtHome() {
    const send = window.fetch.bind(window);

    window.fetch = (input, options) => {
        const address = input instanceof Request ? input.url : String(input);

        if (!isOwn(address)) {
            return Promise.reject(
                new TypeError('requests to other hosts are off'));
        }
        return send(input, options);
    };
}
