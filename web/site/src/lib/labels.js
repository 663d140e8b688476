// Names of labels: the same rules as the server's, so that a child sees the
// name that will be stored.

export const LABEL_LENGTH = 30;

const OTHER = /[^A-Za-z0-9_.]/g;


export function normaliseLabel(typed) {
    return typed.trim().replace(OTHER, '_').slice(0, LABEL_LENGTH);
}


// What a table of label -> value has for a label, or other.  A child may call
// a label `constructor`, which every object has.
export function ofLabel(table, label, other) {
    return Object.hasOwn(table, label) ? table[label] : other;
}


function comparable(label) {
    return label.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}


// Returns what is wrong with a new label, as the end of a text's key, or null.
export function checkLabel(typed, labels) {
    const label = normaliseLabel(typed);

    if (label === '') {
        return 'empty';
    }

    if (!/[A-Za-z0-9]/.test(label)) {
        return 'letters';
    }

    if (typed.trim().length > LABEL_LENGTH) {
        return 'long';
    }

    const same = comparable(label);

    return labels.some((one) => comparable(one) === same) ? 'duplicate' : null;
}


// A label as a person would write it.
export function displayLabel(label) {
    return label.replace(/_/g, ' ').trim() || label;
}
