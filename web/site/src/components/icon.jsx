// Small pictures in the text's colour; always beside words, so hidden from
// screen readers.

const PATHS = {
    add: 'M12 5v14M5 12h14',
    back: 'M19 12H5M11 6l-6 6 6 6',
    check: 'M5 12.5l4.5 4.5L19 7.5',
    clock: 'M12 7v5l3.5 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
    close: 'M6 6l12 12M18 6L6 18',
    dice: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 '
        + '1-1zM8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01',
    forward: 'M5 12h14M13 6l6 6-6 6',
    info: 'M12 11v5M12 8h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
    learn: 'M9 18h6M10 21h4M12 3a6 6 0 0 0-3.6 10.8c.7.6 1.1 1.3 1.1 2.2h5c0-.9'
        + '.4-1.6 1.1-2.2A6 6 0 0 0 12 3z',
    make: 'M4 7h4a2 2 0 1 1 4 0h4v4a2 2 0 1 1 0 4v5H4v-5a2 2 0 1 0 0-4z',
    menu: 'M4 7h16M4 12h16M4 17h16',
    problem: 'M12 4l9 16H3zM12 10v4M12 17h.01',
    remove: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
    train: 'M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3',
    window: 'M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 '
        + '0 1 1-1h5',
};

// Arrows point along the reading direction.
const DIRECTED = ['back', 'forward', 'window'];


export function Icon({ name }) {
    return (
        <svg class={`icon ${DIRECTED.includes(name) ? 'icon--directed' : ''}`}
             viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={PATHS[name]} />
        </svg>
    );
}
