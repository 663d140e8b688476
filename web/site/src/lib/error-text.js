// The sentence that a child is shown for an error.

import { ApiError } from './api-error.js';
import { hasText, t } from './i18n.js';


// subject: what was tried ("project", "example");
// a text errors.<subject>.<code or kind> goes before errors.<kind>.
export function errorText(error, subject) {
    const kind = error instanceof ApiError ? error.kind : 'server';
    const keys = [
        `errors.${subject}.${error.code}`,
        `errors.${subject}.${kind}`,
        `errors.${error.code}`,
        `errors.${kind}`,
    ];

    return t(keys.find(hasText) ?? 'errors.server');
}
