// The kinds of project that can be made.  Adding one: its rules in a file here,
// its two views in views.jsx, its texts in the language files.

import { text } from './text.js';

export const projectTypes = [text];


// Projects of a kind that this version cannot show have none.
export function findType(id) {
    return projectTypes.find((type) => type.id === id) ?? null;
}
