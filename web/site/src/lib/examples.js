// What children type as examples of a text project.

export const EXAMPLE_LENGTH = 1000;
export const EXAMPLES_PER_PROJECT = 500;


export function cleanExample(typed) {
    return typed.replace(/\s+/g, ' ').trim();
}


function comparable(text) {
    return cleanExample(text).normalize('NFC').toLowerCase();
}


export function splitLines(text) {
    return text.split(/[\r\n]+/).map(cleanExample).filter((s) => s !== '');
}


// Sorts typed texts into those to add and those that are refused.
// items: all examples of the project.  Returns { accepted, duplicates, tooLong,
// overLimit, elsewhere }; the last lists accepted texts that are an example of
// another label too, with that label.
export function sortExamples(texts, label, items) {
    const own = new Set();
    const others = new Map();
    const result = { accepted: [], duplicates: [], tooLong: [], overLimit: [],
                     elsewhere: [] };

    for (const item of items) {
        if (item.label === label) {
            own.add(comparable(item.text));
        } else {
            others.set(comparable(item.text), item.label);
        }
    }

    for (const typed of texts) {
        const text = cleanExample(typed);
        const key = comparable(text);

        if (text === '') {
            continue;
        }

        if (own.has(key)) {
            result.duplicates.push(text);
        } else if (text.length > EXAMPLE_LENGTH) {
            result.tooLong.push(text);
        } else if (items.length + result.accepted.length
                   >= EXAMPLES_PER_PROJECT) {
            result.overLimit.push(text);
        } else {
            own.add(key);
            result.accepted.push(text);

            if (others.has(key)) {
                result.elsewhere.push({ text, label: others.get(key) });
            }
        }
    }

    return result;
}
