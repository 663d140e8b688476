// Choosing and filling in texts.

// The first of the wishes (codes, best first; others are passed over) that is
// available, by its whole code or its first part; English if none is.
export function pickLanguage(available, wishes) {
    for (const wish of wishes) {
        if (typeof wish !== 'string') {
            continue;
        }

        const code = wish.toLowerCase();
        const found = available.find((one) => one.code === code)
            ?? available.find((one) => one.code === code.split('-')[0]);

        if (found) {
            return found;
        }
    }

    return available.find((one) => one.code === 'en');
}


// Puts values into the {names} of a text.
export function format(text, values, code) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
        const value = values?.[name];

        if (typeof value === 'number') {
            return new Intl.NumberFormat(code).format(value);
        }

        return value === undefined ? whole : String(value);
    });
}


// The text of a key, or of the plural form that suits values.count.
export function lookUp(texts, key, values, code) {
    if (typeof values?.count === 'number') {
        const form = new Intl.PluralRules(code).select(values.count);
        const text = texts[`${key}_${form}`] ?? texts[`${key}_other`];

        if (text !== undefined) {
            return text;
        }
    }

    return texts[key];
}
