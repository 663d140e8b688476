// Projects that learn to recognise text.

import { cleanExample, EXAMPLES_PER_PROJECT } from '../lib/examples.js';

export const text = {
    id: 'text',
    maxExamples: EXAMPLES_PER_PROJECT,
    rules: { labels: 2, examples: 5, weakLabels: 1 },

    // the server's example -> the site's
    toItem: (row) => ({ id: row.id, label: row.label, text: row.textdata }),

    // the site's example <-> what is sent
    toData: (item) => item.text,
    fromData: (data) => ({ text: cleanExample(data) }),
};


// Languages that a text project can have; `xx` is any other.
export const textLanguages = [
    'en', 'ar', 'cs', 'de', 'es', 'fr', 'it', 'ja', 'ko', 'nl', 'pt-br',
    'zh-cn', 'zh-tw', 'xx',
];


// The language of a project that suits a language of the site.
export function presetLanguage(code) {
    return textLanguages.find((one) => one === code)
        ?? textLanguages.find((one) => one.split('-')[0] === code.split('-')[0])
        ?? 'xx';
}
